"""The engine's command line: `python -m imaging COMMAND …`.

Each command is a module of this package, named as the command is, with `add_arguments(parser)` and `run(args) -> int`.
Exit codes: 0 done, 1 findings or refusals, 2 usage. Results go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys

from imaging.errors import ImagingError

EXIT_DONE = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    commands = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m imaging", description="Fiducial's imaging engine.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in arguments if word in commands), None)
    for name in commands:
        # Only the command that is asked for is imported: SimpleITK and OCR are slow to load.
        if wanted is None or name == wanted:
            module = importlib.import_module(f"imaging.cli.{name}")
            summary = (module.__doc__ or "").strip().splitlines()[0]
            subparser = subparsers.add_parser(name, help=summary, description=module.__doc__)
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except ImagingError as error:
        if getattr(parsed, "json", False):
            print(json.dumps({"error": error.as_json()}))
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FINDINGS
    except BrokenPipeError:
        return EXIT_DONE
