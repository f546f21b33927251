"""The test machinery itself: the custom runner, the offline Unity header and the count for CI."""

import importlib.util
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest
from conftest import PlatformIO

SUITE = """
#include <unity.h>

#include "suite_main.h"

void setUp() {{}}
void tearDown() {{}}
static void Passes() {{ TEST_ASSERT_EQUAL_INT(1, 1); }}
static void Second() {{ {body} }}
static void RunTests() {{
  RUN_TEST(Passes);
  RUN_TEST(Second);
}}
SUITE_MAIN(RunTests)
"""


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tiny_project(tmp_path: Path, project: Path) -> Path:
    """A project with this one's test machinery and settings and nothing else."""
    for folder in ("src", "include", "lib", "extra_scripts", "test/shared/test_it"):
        (tmp_path / folder).mkdir(parents=True)
    for script in ("model.py", "targets.py"):
        (tmp_path / "extra_scripts" / script).touch()
    for name in ("test_custom_runner.py", "suite_main.h"):
        shutil.copy2(project / "test" / name, tmp_path / "test")
    shutil.copytree(project / "offline", tmp_path / "offline")
    shutil.copy2(project / "platformio.ini", tmp_path)
    return tmp_path


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("TEST_ASSERT_EQUAL_INT(1, 1);", "PASSED", None),
        ("TEST_ASSERT_EQUAL_INT(1, 2);", "FAILED", "Expected 1 Was 2"),
        ('TEST_FAIL_MESSAGE("why");', "FAILED", "why"),
        ('TEST_IGNORE_MESSAGE("later");', "SKIPPED", "later"),
        ("__builtin_trap();", "ERRORED", None),
        ("__builtin_exit(0);", "ERRORED", None),
    ],
)
def test_a_cpp_suite_is_reported_case_by_case(
    tiny_project: Path, platformio: PlatformIO, body: str, status: str, message: str | None
) -> None:
    suite = tiny_project / "test" / "shared" / "test_it" / "test_it.cpp"
    suite.write_text(SUITE.format(body=body), encoding="utf-8")
    result = platformio(
        "test", "-e", "native", "--json-output-path", "report.json", cwd=tiny_project
    )
    assert "warning" not in result.stdout + result.stderr
    assert (result.returncode != 0) == (status in ("FAILED", "ERRORED"))
    report = json.loads((tiny_project / "report.json").read_text(encoding="utf-8"))
    [cases] = [s["test_cases"] for s in report["test_suites"] if s["timestamp"]]
    assert [case["status"] for case in cases] == ["PASSED", status]
    assert cases[1]["message"] == message


def test_every_pytest_case_becomes_one_case(project: Path) -> None:
    runner = load(project / "test" / "test_custom_runner.py")
    cases = ElementTree.fromstring(
        """<testsuite>
        <testcase classname="test.test_python.test_a" name="test_x[1]" time="0.5"/>
        <testcase classname="test_a" name="test_y" time="0"><failure message="assert 1&#10;x"/>
        </testcase>
        <testcase classname="test_a" name="test_z" time="0"><skipped message="no board"/></testcase>
        <testcase classname="" name="test_b" time="0"><error message="import failed"/></testcase>
        </testsuite>"""
    )
    reported = [runner.to_test_case(case) for case in cases]
    assert [(case.name, case.status.name, case.message) for case in reported] == [
        ("test_a::test_x[1]", "PASSED", None),
        ("test_a::test_y", "FAILED", "assert 1"),
        ("test_a::test_z", "SKIPPED", "no board"),
        ("::test_b", "FAILED", "import failed"),
    ]


def report_of(path: Path, *suites: tuple[str, list[str]]) -> Path:
    """A PlatformIO report of suites with the statuses of their cases; "" was not started."""
    document = {
        "test_suites": [
            {
                "env_name": "native",
                "test_name": name or "other",
                "timestamp": "2024-01-01T00:00:00" if name else None,
                "test_cases": [{"status": status} for status in statuses],
            }
            for name, statuses in suites
        ]
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def count(project: Path, *arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, project / ".ci" / "count.py", *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout.strip()


def test_ci_counts_over_all_reports(project: Path, tmp_path: Path) -> None:
    first = report_of(tmp_path / "1.json", ("a", ["PASSED", "SKIPPED"]), ("", []))
    second = report_of(tmp_path / "2.json", ("b", ["FAILED", "ERRORED", "PASSED"]))
    assert count(project, first, second) == (0, "2 passed, 2 failed")
    assert count(project, "--check", first, second) == (0, "yes")


def test_ci_fails_for_a_suite_without_tests(project: Path, tmp_path: Path) -> None:
    empty = report_of(tmp_path / "1.json", ("a", ["PASSED"]), ("b", []), ("c", ["SKIPPED"]))
    assert count(project, "--check", empty) == (1, "native:b ran no test\nnative:c ran no test")
    assert count(project, "--check", report_of(tmp_path / "2.json"))[0] == 1
    assert count(project, "--check", tmp_path / "missing.json")[0] == 1
