"""Run fuzz cases in child processes, so that a crash or a hang is a result and not the end.

    python -m tests.imaging.fuzz.run_fuzz --cases 20000 [--first 0] [--json]

Exit code 0 where no case failed, else 1. A failing case is repeated with `--first NUMBER --cases 1`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from tests.imaging.fuzz.cases import case, seeds
from tests.imaging.fuzz.target import MAX_SECONDS, exercise

BATCH = 500
MEMORY_BYTES = 6 << 30


def _child(pipe: Connection, first: int, last: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for number in range(first, last):
        name, data = case(number)
        pipe.send((number, "start", name, 0.0))
        began = time.process_time()
        try:
            ended = exercise(data)
        except BaseException as error:  # whatever escapes is the result
            frame = traceback.extract_tb(error.__traceback__)[-1]
            pipe.send((number, "escaped", f"{type(error).__name__} at {frame.name}:{frame.lineno}", 0.0))
        else:
            pipe.send((number, "done", ended, time.process_time() - began))
    pipe.send((last, "end", "", 0.0))


def _answers(pipe: Connection, pid: int) -> bool:
    """Whether the child says something before it has computed for MAX_SECONDS; waiting for a busy machine is no hang."""
    started, waited = _cpu_seconds(pid), 0.0
    while not pipe.poll(1.0):
        waited += 1.0
        if _cpu_seconds(pid) - started > MAX_SECONDS or waited > 60 * MAX_SECONDS:
            return False
    return True


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(first: int, cases: int) -> tuple[Counter[str], list[tuple[int, str, str]], float]:
    """Outcomes by kind, failures as (case, seed, what), and the CPU seconds of the longest case."""
    outcomes: Counter[str] = Counter()
    failures: list[tuple[int, str, str]] = []
    slowest = 0.0
    number, end = first, first + cases
    context = multiprocessing.get_context("fork")
    seeds()
    while number < end:
        parent, child = context.Pipe(duplex=False)
        process = context.Process(target=_child, args=(child, number, min(end, number + BATCH)), daemon=True)
        process.start()
        child.close()
        seed = ""
        while True:
            if not _answers(parent, process.pid or 0):
                failures.append((number, seed, "hang"))
                outcomes["hang"] += 1
                process.kill()
                number += 1
                break
            try:
                number, what, text, seconds = parent.recv()
            except EOFError:
                process.join()
                failures.append((number, seed, f"process died with {process.exitcode}"))
                outcomes["crash"] += 1
                number += 1
                break
            if what == "end":
                break
            if what == "start":
                seed = text
                continue
            slowest = max(slowest, float(seconds))
            outcomes[text if what == "done" else "escaped"] += 1
            if what == "escaped":
                failures.append((number, seed, text))
        process.join()
        print(f"\r{number - first} of {cases} cases, {len(failures)} failures", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return outcomes, failures, slowest


def main() -> int:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began = time.monotonic()
    outcomes, failures, slowest = run(args.first, args.cases)
    seconds = time.monotonic() - began
    result = {
        "cases": args.cases,
        "first": args.first,
        "seeds": len(seeds()),
        "seconds": round(seconds, 1),
        "slowest_case_cpu_s": round(slowest, 2),
        "outcomes": dict(outcomes.most_common()),
        "failures": failures,
    }
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        for name, count in outcomes.most_common():
            print(f"{count:>8}  {name}")
        for failure in failures[:50]:
            print("FAILED case {} of {}: {}".format(*failure))
        print(f"{args.cases} cases from {len(seeds())} seeds in {seconds:.0f} s, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
