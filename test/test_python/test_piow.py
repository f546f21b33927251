"""piow: which packages a command needs, how it survives trouble, and what it says about it."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from conftest import load_piow
from small_wheel import make_wheel

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")


@pytest.fixture
def piow(tmp_path: Path, project: Path) -> ModuleType:
    """piow in an otherwise empty project."""
    for name in ("piow", "requirements.txt", "requirements-train.txt", "requirements-dev.txt"):
        shutil.copy2(project / name, tmp_path)
    shutil.copytree(project / "offline", tmp_path / "offline")
    return load_piow(tmp_path / "piow")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's environment with an empty home and an index that refuses connections."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        **{name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
    }


def run_piow(
    piow: ModuleType, *arguments: str, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(piow.PROJECT / "piow"), *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("command", "stages"),
    [
        ("run -e native -t demo", ["base"]),
        ("run", ["base"]),
        ("device monitor", ["base"]),
        ("test -e native", ["base"]),
        ("test -e esphome", ["base", "dev"]),
        ("test", ["base", "train", "server", "dev"]),
        ("test -e python", ["base", "train", "server", "dev"]),
        ("run -t server", ["base", "server"]),
        ("run -e esp32dev -t gateway", ["base", "server"]),
        ("run -e native -t train", ["base", "train"]),
        ("run --target=report", ["base", "train"]),
        ("run -ttrain", ["base", "train"]),
        ("run -e native -t bench", ["base", "train", "dev"]),
    ],
)
def test_a_command_gets_only_the_packages_it_needs(
    piow: ModuleType, command: str, stages: list[str]
) -> None:
    assert piow.needed_stages(piow.with_default_environments(command.split())) == stages


@pytest.mark.parametrize(
    ("command", "is_added"), [("run -t gateway", True), ("run -e native -t gateway", False)]
)
def test_platformio_is_told_of_an_environment_that_was_not_typed(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, is_added: bool
) -> None:
    told: dict[str, str] = {}
    monkeypatch.setattr(piow, "install", lambda _: None)
    monkeypatch.setattr(piow, "check_compiler", lambda _: None)
    monkeypatch.setattr(piow, "platformio_settings", lambda _: {})
    monkeypatch.setattr(piow, "run_platformio", lambda _, settings: told.update(settings))
    assert piow.main(command.split()) == 1  # it would not come back
    assert ("PIOW_ENVIRONMENT" in told) == is_added


@pytest.mark.parametrize(
    ("command", "full_command"),
    [
        ("test", "test -e native -e python"),
        ("test -v", "test -v -e native -e python"),
        ("test -e esp32dev", "test -e esp32dev"),
        ("test --environment=native", "test --environment=native"),
        ("run", "run"),
    ],
)
def test_test_alone_means_the_suites_that_need_no_board(
    piow: ModuleType, command: str, full_command: str
) -> None:
    assert piow.with_default_environments(command.split()) == full_command.split()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run", False),
        ("run -e native", True),
        ("run -enative_sanitized", True),
        ("test --environment=python -e native", True),
        ("run -e native -e esp32dev", False),
    ],
)
def test_host_environments_are_known_by_their_names(
    piow: ModuleType, command: str, expected: bool
) -> None:
    assert piow.is_for_host(command.split()) is expected


def test_choices_before_the_command_are_those_of_platformio_ini(
    piow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = "--profile lesson --model-dir=my/model --model reuse run -e native --profile x"
    choices, rest = piow.split_choices(line.split())
    assert choices == {
        "ANOMALY_PROFILE": "lesson",
        "ANOMALY_MODEL_DIR": str(tmp_path / "my" / "model"),  # from where it was typed
        "ANOMALY_MODEL": "reuse",
    }
    assert rest == ["run", "-e", "native", "--profile", "x"]
    assert piow.split_choices(["--profile", "pump.toml", "train"])[0] == {
        "ANOMALY_PROFILE": str(tmp_path / "pump.toml")
    }
    for wrong in ("--profile", "--profile=", "--profile --model-dir x run", "--model reuse"):
        with pytest.raises(piow.UserError):
            piow.split_choices(wrong.split())


@needs_symlinks
def test_a_verb_runs_where_it_was_typed_with_what_it_needs(
    piow: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    """Relative paths are the caller's, and a folder "training" there is not the project's."""
    pretend_installed(piow, "base")
    package = tmp_path / "training"
    package.mkdir()
    (package / "__main__.py").write_text(
        "import os, sys; print(os.getcwd(), *sys.argv[1:], os.environ['PIOW'],"
        " os.environ.get('ANOMALY_PROFILE'))"
    )
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "training").mkdir(parents=True)
    (elsewhere / "training" / "__main__.py").write_text("print('the wrong one')")

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "../piow", *arguments],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
        )

    done = typed("--profile", "lesson", "import", "room.csv")
    assert done.stdout == f"{elsewhere} import room.csv ../piow lesson\n", done.stderr
    assert typed("python", "-c", "print(6 * 7)").stdout == "42\n"
    # A verb that trains asks for TensorFlow first, which cannot be had here.
    assert "installing requirements-train.txt" in typed("report").stderr


@needs_symlinks
@pytest.mark.parametrize(
    ("typed", "passed_on"),
    [
        ("benchmark nab --json", "nab --json"),
        ("benchmark speed --quick", "speed --quick"),
        ("report --out page.html", "report --out page.html"),
    ],
)
def test_report_and_benchmark_are_verbs_of_the_benchmark(
    piow: ModuleType, environment: dict[str, str], tmp_path: Path, typed: str, passed_on: str
) -> None:
    pretend_installed(piow, "base", "train", "dev")
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "__main__.py").write_text("import sys; print(*sys.argv[1:])")
    done = run_piow(piow, *typed.split(), env=environment)
    assert done.stdout == f"{passed_on}\n", done.stderr


def test_only_the_speed_needs_other_engines(piow: ModuleType) -> None:
    assert piow.verb_stages(["benchmark", "nab"]) == ["base", "train"]
    assert piow.verb_stages(["benchmark", "speed"]) == ["base", "train", "dev"]


def test_help_names_verbs_and_choices(piow: ModuleType, environment: dict[str, str]) -> None:
    said = run_piow(piow, "--help", env=environment).stdout
    assert all(word in said for word in [*piow.VERBS, *piow.CHOICES])


def test_an_intel_mac_is_not_told_to_take_another_python(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piow.sys, "platform", "darwin")
    monkeypatch.setattr(piow.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(piow.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(piow, "is_apple_silicon", lambda: False)
    said = piow.explain_missing("tensorflow==2.21.0")
    assert "for macOS on x86_64, whatever the Python" in said and "train on another" in said
    monkeypatch.setattr(piow, "is_apple_silicon", lambda: True)
    assert "a Python that is built for it" in piow.explain_missing("tensorflow==2.21.0")
    monkeypatch.setattr(piow.sys, "version_info", (3, 15))
    assert "another Python (3.11 to 3.13)" in piow.explain_missing("tensorflow==2.21.0")


@needs_symlinks
def test_a_slow_start_of_python_is_not_a_registry_out_of_reach(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The client is imported for longer than the connection may take."""
    pretend_installed(piow)
    (tmp_path / "requests.py").write_text(
        "import time; time.sleep(2.2)\n"
        "class Answer:\n    json = staticmethod(lambda: {'version': '1'})\n"
        "def get(url, timeout): return Answer()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(piow, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(piow, "ANSWER_SECONDS", 1.0)
    assert piow.registry_is_reachable()


def test_a_python_that_is_too_old_can_still_read_the_file(project: Path) -> None:
    source = (project / "piow").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    check = source.index("sys.version_info < (3, 11)")
    assert "import sys" in source[:check]
    assert source.index("->") > check, "annotations are evaluated only after the check"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("NameResolutionError(...)\nNo matching distribution found for a==1", "cannot be reached"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED) Max retries exceeded", "PIP_CERT"),
        ("ERROR: No matching distribution found for tensorflow==2.21.0", "no tensorflow==2.21.0"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one that the requirements"),
        ("ERROR: Hashes are required in --require-hashes mode, but", "run .ci/lock"),
        ("something unheard of", "failed with code 7"),
    ],
)
def test_failures_of_pip_are_explained(piow: ModuleType, said: str, cause: str) -> None:
    assert cause in piow.explain_failure(said, "pip install x", 7)


def test_an_unreachable_package_index_is_one_clear_sentence(
    piow: ModuleType, environment: dict[str, str]
) -> None:
    result = run_piow(piow, "--version", env=environment)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("piow: the package index (PyPI) cannot be reached: check the network")


def test_a_package_that_is_not_the_pinned_one_is_refused(
    piow: ModuleType, environment: dict[str, str], tmp_path: Path
) -> None:
    line = make_wheel(tmp_path / "wheels", "harmless")
    local = {**environment, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    requirements = piow.PROJECT / "requirements.txt"

    requirements.write_text(line.replace("sha256:", "sha256:0")[:-2] + "\n", encoding="utf-8")
    result = run_piow(piow, "--install", env=local)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("piow: a package is not the one that")
    assert not piow.is_installed("base")
    assert not piow.site_packages("harmless*")

    requirements.write_text("harmless==1.0\n", encoding="utf-8")
    result = run_piow(piow, "--install", env=local)
    assert result.stderr.splitlines()[-1].startswith("piow: the requirements file names a package")
    assert not piow.site_packages("harmless*")

    requirements.write_text(line, encoding="utf-8")
    assert run_piow(piow, "--install", env=local).returncode == 0
    assert piow.is_installed("base")


def test_a_python_without_ensurepip_is_one_clear_sentence(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        piow.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name)
    )
    assert piow.main(["--version"]) == 1
    assert "apt install python3-venv" in capsys.readouterr().err


def test_a_missing_compiler_is_one_clear_sentence(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(piow.UserError, match=r"no C\+\+ compiler \(g\+\+\) was found: .+"):
        piow.check_compiler(["run", "-e", "native"])
    piow.check_compiler(["run", "-e", "esp32dev"])
    piow.check_compiler(["device", "monitor", "-e", "native"])


def pretend_installed(piow: ModuleType, *stages: str) -> None:
    """A `.venv` of which piow believes that it holds these stages."""
    piow.VENV_PYTHON.parent.mkdir(parents=True)
    piow.VENV_PYTHON.symlink_to(sys.executable)
    piow.write(piow.VENV / "pyvenv.cfg", f"home = {Path(sys.executable).parent}\n")
    piow.STAMPS.mkdir()
    for stage in stages:
        piow.write(piow.STAMPS / stage, piow.stage_fingerprint(stage))


@needs_symlinks
def test_installed_means_same_requirements_and_same_python(piow: ModuleType) -> None:
    pretend_installed(piow, "base")
    assert piow.is_installed("base")
    assert not piow.is_installed("train")

    requirements = piow.PROJECT / "requirements.txt"
    before = requirements.read_text(encoding="utf-8")
    requirements.write_text(before + "# changed\n", encoding="utf-8")
    assert not piow.is_installed("base")
    requirements.write_text(before, encoding="utf-8")
    assert piow.is_installed("base")

    piow.VENV_PYTHON.unlink()  # as after an upgrade of the system's Python
    assert not piow.is_installed("base")


def test_a_half_made_venv_is_completed(piow: ModuleType) -> None:
    (piow.VENV / "bin").mkdir(parents=True)
    with piow.exclusive_access() as lock:
        piow.complete_venv(lock)
    [pip] = piow.site_packages("pip-*.dist-info")
    (pip / "RECORD").unlink()  # as if killed while pip itself was being installed
    numpy = pip.with_name("numpy-2.0.dist-info")
    numpy.mkdir()
    (numpy / "METADATA").write_text("Name: numpy\nVersion: 2.0\n", encoding="utf-8")
    with piow.exclusive_access() as lock:
        piow.complete_venv(lock)
    assert not numpy.exists(), "pip would have taken it for installed"
    assert subprocess.run([piow.VENV_PYTHON, "-m", "pip", "--version"]).returncode == 0


def test_a_second_piow_waits_for_the_first_and_says_so(
    piow: ModuleType, environment: dict[str, str]
) -> None:
    with piow.exclusive_access():
        second = subprocess.Popen(
            [sys.executable, piow.PROJECT / "piow", "--install"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr
        assert "another piow is setting this project up" in second.stderr.readline()
        assert second.poll() is None
        assert not piow.VENV.exists()
    with second:
        assert "creating .venv" in second.stderr.readline()
        second.kill()


def test_without_the_registry_host_builds_use_a_core_folder_of_the_project(
    piow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes: list[str] = []

    def out_of_reach() -> bool:
        probes.append("asked")
        return False

    monkeypatch.setattr(piow, "registry_is_reachable", out_of_reach)
    monkeypatch.setattr(piow, "install", lambda stages: None)
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "user"))
    settings = piow.platformio_settings(["run", "-e", "native"])
    assert settings["PLATFORMIO_CORE_DIR"] == str(piow.CORE)
    assert piow.has_host_packages(piow.CORE)
    assert piow.platformio_settings(["run", "-e", "native"]) == settings
    assert len(probes) == 1, "the answer is remembered"
    os.utime(piow.UNREACHABLE, (0, 0))
    piow.platformio_settings(["run", "-e", "native"])
    assert len(probes) == 2, "but not for ever"
    with pytest.raises(piow.UserError, match="stay on this computer with `-e native`"):
        piow.platformio_settings(["run"])
    assert "PLATFORMIO_CORE_DIR" not in piow.platformio_settings(["run", "--help"])


def test_with_the_registry_a_users_platformio_folder_is_used(
    piow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "user"))
    monkeypatch.setattr(piow, "registry_is_reachable", lambda: True)
    assert "PLATFORMIO_CORE_DIR" not in piow.platformio_settings(["test", "-e", "native"])
    assert not piow.CORE.exists()

    # Once PlatformIO has fetched its host packages nobody needs to be asked again.
    shutil.copytree(piow.OFFLINE, tmp_path / "user")
    monkeypatch.setattr(piow, "registry_is_reachable", lambda: pytest.fail("asked"))
    assert "PLATFORMIO_CORE_DIR" not in piow.platformio_settings(["test", "-e", "native"])


@needs_symlinks
def test_the_second_start_runs_nothing(piow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_installed(piow, "base", "train", "dev")
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was run"))
    assert piow.main(["--install", "train", "dev"]) == 0
