"""What is printed to be typed, and what a terminal with another code page gets to see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from project import commands


def test_a_command_is_written_for_who_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(commands.TYPED, raising=False)
    assert commands.pio("run", "-t", "train") == "pio run -t train"
    piow = "python piow" if os.name == "nt" else "./piow"
    assert commands.piow("train", "--profile", "lesson") == f"{piow} train --profile lesson"
    monkeypatch.setenv(commands.TYPED, "../detector/piow")
    assert commands.pio("run") == "../detector/piow run"
    assert commands.piow("--install", "train") == "../detector/piow --install train"


@pytest.mark.parametrize("verb", ["benchmark nab --json", "report"])
def test_a_verb_of_the_benchmark_is_no_verb_of_the_training(project: Path, verb: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", *verb.split()],
        cwd=project,
        env={**os.environ, commands.TYPED: "./piow"},
        capture_output=True,
        text=True,
    )
    name = verb.split()[0]
    said = f"error: `{name}` is no verb of the training, run: ./piow {verb}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_name_with_spaces_can_be_typed_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(commands.TYPED, "./piow")
    typed = commands.piow("train", "--out", Path("my model"))
    assert typed.endswith('"my model"' if os.name == "nt" else "'my model'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["training", "evaluate", "--data", "данные.csv"],
        ["training", "modelinfo", "--profile", "данные"],
        ["monitor.collect", "--port", "/dev/данные"],
        ["monitor.inject", "--port", "/dev/данные", "50"],
    ],
)
def test_what_a_terminal_cannot_show_is_a_question_mark(
    arguments: list[str], project: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert done.returncode in (1, 3)
    assert b"??????" in done.stderr and done.stderr.count(b"\n") == 1


def test_piow_too(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, project / "piow", "--install", "данные"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert done.returncode == 1
    assert b"not ??????" in done.stderr and done.stderr.count(b"\n") == 1


def test_vs_code_finds_its_file_as_platformio_writes_it(project: Path, tmp_path: Path) -> None:
    """PlatformIO IDE writes this file whenever the folder is opened; git must not see a change."""
    import platformio.project.integration.generator as integration

    templates = Path(integration.ProjectGenerator.get_ide_tpls_dir())
    template = templates / "vscode" / ".vscode" / "extensions.json.tpl"
    (tmp_path / ".vscode").mkdir()
    tracked = project / ".vscode" / "extensions.json"
    (tmp_path / ".vscode" / "extensions.json").write_bytes(tracked.read_bytes())
    render = integration.ProjectGenerator._render_tpl
    assert render(str(template), {"project_dir": str(tmp_path)}) == tracked.read_text("utf-8")
