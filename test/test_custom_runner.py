"""How `pio test` runs the suites of this project (test_framework = custom in platformio.ini).

C++ suites are Unity suites. The pytest files in test/test_python and test/test_esphome are one more
suite each, of the environments `python` and `esphome`, each Python test one test case.
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import click
from platformio.test.exception import UnitTestSuiteError
from platformio.test.result import TestCase, TestStatus
from platformio.test.runners.unity import UnityTestRunner

PYTHON_SUITES = ("test_python", "test_esphome")
LOCAL_UNITY = "symlink://offline/unity"
OFFLINE = "PIOW_OFFLINE"  # environment variable: "1" where the registry is known out of reach
SUMMARY = re.compile(r"|-+|\d+ Tests \d+ Failures \d+ Ignored|OK|FAIL")  # Unity's last lines
# A process a core, but few, as each may take a GB for TensorFlow; a file's tests stay together.
IN_PARALLEL = ("-n", "auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
REGISTRY = "https://api.registry.platformio.org/v3/packages/platformio/tool/tool-scons"


class CustomTestRunner(UnityTestRunner):  # type: ignore[misc]
    """Runs one suite; the name is the one that PlatformIO looks for."""

    # PlatformIO's own texts, with the casts that -Wconversion asks for.
    UNITY_CONFIG_H = UnityTestRunner.UNITY_CONFIG_H.replace(
        " unityOutputChar(c)", " unityOutputChar((unsigned int)(c))"
    )
    UNITY_FRAMEWORK_CONFIG = {  # noqa: RUF012
        framework: {**config, "code": config["code"].replace("putchar(c)", "putchar((int)(c))")}
        for framework, config in UnityTestRunner.UNITY_FRAMEWORK_CONFIG.items()
    }

    @property
    def EXTRA_LIB_DEPS(self) -> list[str]:
        """The real Unity, or our header with its names where the real one cannot be had."""
        real: list[str] = UnityTestRunner.EXTRA_LIB_DEPS
        if self.platform.is_embedded() or self._unity_is_installed() or registry_is_reachable():
            return real
        return [LOCAL_UNITY]

    def stage_building(self) -> None:
        if not self._is_python():
            super().stage_building()

    def stage_testing(self) -> None:
        if self._is_python():
            if not self.options.without_testing:
                self._run_pytest()
        elif self.platform.is_embedded() or self.options.without_testing:
            super().stage_testing()
        else:
            self._run_program()

    def _is_python(self) -> bool:
        return bool(self.test_suite.test_name in PYTHON_SUITES)

    def _unity_is_installed(self) -> bool:
        libraries = self.project_config.get("platformio", "libdeps_dir")
        return Path(libraries, self.test_suite.env_name, "Unity", "library.json").is_file()

    def _run_program(self) -> None:
        """Runs a host suite and holds it to its summary line and exit code.

        PlatformIO's own reader takes a number of failures for the number of a signal, and a
        program that ends half-way without an error for a success.
        """
        click.secho("Testing...", bold=True)
        build = self.project_config.get("platformio", "build_dir")
        program = Path(build, self.test_suite.env_name, "program").resolve()
        command = [str(program), *(self.options.program_args or ())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout
            for line in process.stdout:
                self.on_testing_data_output(line)
        failures = self.test_suite.get_status_nums(TestStatus.FAILED)
        if not self.test_suite.is_finished():
            how = f"(exit code {process.returncode})"
            raise UnitTestSuiteError(f"The program ended before its summary {how}")
        if process.returncode and not failures:
            raise UnitTestSuiteError(f"The program failed with exit code {process.returncode}")

    def on_testing_line_output(self, line: str) -> None:
        """Also shows what is neither a result nor the summary, such as a sanitizer's report."""
        is_result = self.parse_test_case(line) or SUMMARY.fullmatch(line.strip())
        if not self.options.verbose and not is_result:
            click.echo(line, nl=False)
        super().on_testing_line_output(line)

    def _run_pytest(self) -> None:
        """Runs pytest on the terminal, then reports its JUnit file case by case."""
        project = Path(self.project_config.path).parent
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = [python_with_pytest(project), "-m", "pytest", self.test_suite.test_dir]
            command += [*IN_PARALLEL, f"--junitxml={report}"]
            command += ["-v"] if self.options.verbose else []
            command += self.options.program_args or ()
            sys.stdout.flush()
            code = subprocess.run(command, cwd=project).returncode
            if not report.is_file():
                raise UnitTestSuiteError(f"pytest ended with code {code} and without a report")
            for case in ElementTree.parse(report).iter("testcase"):
                self.test_suite.add_case(to_test_case(case))
        if code > 1:
            raise UnitTestSuiteError(f"pytest ended with code {code}, see above")


def to_test_case(element: ElementTree.Element) -> TestCase:
    """One <testcase> of a JUnit report as PlatformIO's record."""
    status, message = TestStatus.PASSED, None
    for result in element:
        if result.tag in ("failure", "error"):
            status = TestStatus.FAILED
        elif result.tag == "skipped":
            status = TestStatus.SKIPPED
        else:
            continue
        message = (result.get("message") or "").partition("\n")[0]
        break
    module = element.get("classname", "").removeprefix("test.")
    for suite in PYTHON_SUITES:
        module = module.removeprefix(suite + ".")
    name = f"{module}::{element.get('name')}"
    return TestCase(
        name=name,
        status=status,
        message=message,
        stdout=f"{name}: {message}",
        duration=float(element.get("time", 0)),
    )


def python_with_pytest(project: Path) -> str:
    """The project's .venv, filled by piow if need be, or this Python if it has pytest."""
    python = project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if can_run_pytest(python):
        return str(python)
    if find_spec("xdist"):
        return sys.executable
    click.echo("Setting up .venv for the Python tests...")
    subprocess.run([sys.executable, project / "piow", "--install", "train", "dev"])
    if can_run_pytest(python):
        return str(python)
    raise UnitTestSuiteError("The Python tests need pytest: run `python piow --install train dev`")


def can_run_pytest(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", "import xdist"], capture_output=True).returncode == 0
    except OSError:
        return False


def registry_is_reachable() -> bool:
    """Asks once, for two seconds at most; a "no" is remembered until PlatformIO ends."""
    question = f"import requests; requests.get({REGISTRY!r}, timeout=2).json()['version']"
    if os.environ.get(OFFLINE) != "1":
        try:
            ask = [sys.executable, "-c", question]
            if subprocess.run(ask, capture_output=True, timeout=2).returncode == 0:
                return True
        except subprocess.TimeoutExpired:
            pass
        os.environ[OFFLINE] = "1"
    return False
