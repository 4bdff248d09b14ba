"""`fiducial`: pull a release, list releases, verify a folder, send studies."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from fiducial_client.client import Client
from fiducial_client.errors import ClientError
from fiducial_client.pull import pull, verify_folder
from fiducial_client.upload import upload

EXIT_DONE, EXIT_REFUSED = 0, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused, 2 usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ClientError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        if error.remedy:
            print(f"       {error.remedy}", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("\nstopped; run the same command again to continue", file=sys.stderr)
        return EXIT_REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fiducial", description="Labels that can be trusted, on your disk.")
    parser.add_argument("--server", default="", help="address; else FIDUCIAL_SERVER")
    parser.add_argument("--token-file", default="", help="file with an API token; else FIDUCIAL_TOKEN")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("pull", help="pull a release; continues where it stopped")
    one.add_argument("name", metavar="DATASET@RELEASE")
    one.add_argument("--out", type=Path, help="folder; default: DATASET@RELEASE here")
    one.add_argument("--jobs", type=int, default=4)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_pull)
    one = commands.add_parser("releases", help="the releases granted to you")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_releases)
    one = commands.add_parser("verify", help="check a pulled folder, offline")
    one.add_argument("folder", type=Path)
    one.set_defaults(run=_verify)
    one = commands.add_parser("upload", help="send a folder into a project's quarantine")
    one.add_argument("source", type=Path)
    one.add_argument("--project", required=True)
    one.add_argument("--continue", dest="delivery", default="", metavar="DELIVERY")
    one.add_argument("--jobs", type=int, default=4)
    one.set_defaults(run=_upload)
    return parser


def _pull(arguments: argparse.Namespace) -> int:
    out = arguments.out or Path(arguments.name)
    with Client.from_environment(arguments.server, arguments.token_file) as client:
        result = pull(client, arguments.name, out, jobs=arguments.jobs, progress=_say_bytes)
    if arguments.json:
        print(json.dumps({**vars(result), "folder": str(result.folder)}))
    else:
        print(f"{result.files} files, {result.bytes / 1e6:.1f} MB in {result.folder}, each verified", end="")
        print(f" ({result.already_there} were there already)" if result.already_there else "")
    return EXIT_DONE


def _releases(arguments: argparse.Namespace) -> int:
    with Client.from_environment(arguments.server, arguments.token_file) as client:
        rows = list(client.rows("/api/v1/releases"))
    if arguments.json:
        print(json.dumps(rows))
    elif not rows:
        print("no release is granted to this token's account")
    else:
        for row in rows:
            print(f"{row['dataset']}@{row['name']}\t{row['published_at'][:10]}\t{row['version_digest'][:12]}")
    return EXIT_DONE


def _verify(arguments: argparse.Namespace) -> int:
    if not arguments.folder.is_dir():
        raise ClientError("no-folder", f"There is no folder {arguments.folder}.")
    problems = verify_folder(arguments.folder)
    for problem in problems:
        print(problem)
    print("every file is as it was released" if not problems else f"{len(problems)} files are not as released")
    return EXIT_REFUSED if problems else EXIT_DONE


def _upload(arguments: argparse.Namespace) -> int:
    with Client.from_environment(arguments.server, arguments.token_file) as client:
        result = upload(
            client,
            arguments.project,
            arguments.source,
            delivery_id=arguments.delivery,
            jobs=arguments.jobs,
            progress=_say_files,
        )
    print(f"sent {result.sent} files ({result.already_there} were there); delivery {result.delivery['id']}")
    return EXIT_DONE


def _say_bytes(files: int, files_in_all: int, size: int, size_in_all: int) -> None:
    last = files == files_in_all
    if not last and not sys.stderr.isatty():
        return  # a log wants the outcome, not every step
    end = "\n" if last else "\r"
    print(
        f"{files}/{files_in_all} files, {size / 1e6:.1f}/{size_in_all / 1e6:.1f} MB",
        end=end,
        file=sys.stderr,
        flush=True,
    )


def _say_files(done: int, in_all: int) -> None:
    if done == in_all or sys.stderr.isatty():
        print(f"{done}/{in_all} files sent", end="\n" if done == in_all else "\r", file=sys.stderr, flush=True)
