"""Counts the test cases in PlatformIO's JSON reports: prints "N passed, N failed".

With --check it instead fails if a report is missing or a suite that was started ran no test.
"""

import json
import sys
from pathlib import Path
from typing import Any


def suites_of(report: Path) -> list[dict[str, Any]]:
    """The suites that were started; those not meant for an environment have no time stamp."""
    suites: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["test_suites"]
    return [suite for suite in suites if suite["timestamp"]]


def count(suite: dict[str, Any], *statuses: str) -> int:
    return sum(case["status"] in statuses for case in suite["test_cases"])


def problems_in(report: Path) -> list[str]:
    if not report.is_file():
        return [f"{report} is missing: its tests did not run to the end"]
    suites = suites_of(report)
    if not suites:
        return [f"{report}: no suite was started"]
    return [
        f"{suite['env_name']}:{suite['test_name']} ran no test"
        for suite in suites
        if not count(suite, "PASSED", "FAILED", "ERRORED")
    ]


def main(arguments: list[str]) -> int:
    if arguments[0] == "--check":
        problems = [line for name in arguments[1:] for line in problems_in(Path(name))]
        print("\n".join(problems or ["yes"]))
        return 1 if problems else 0
    suites = [
        suite for name in arguments if Path(name).is_file() for suite in suites_of(Path(name))
    ]
    passed = sum(count(suite, "PASSED") for suite in suites)
    failed = sum(count(suite, "FAILED", "ERRORED") for suite in suites)
    print(f"{passed} passed, {failed} failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
