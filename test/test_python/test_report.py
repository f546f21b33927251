"""The report: one file, readable without a network, in light and dark."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from training.benchmark.devices import GRID

pytest.importorskip("matplotlib")


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """What `benchmark synthetic --json` would give, made up."""
    cell = {"recall": 0.5, "latency_s": 1.5}
    kinds = {kind: {str(size): cell for size in sizes} for kind, sizes in GRID.items()}
    figures: dict[str, Any] = {"recall": 0.5, "kinds": kinds, "false_alarms_per_day": 0.25}
    figures |= {"false_alarms_ci": [0.0, 1.0], "false_alarms_worst_device": 1.0}
    figures |= {"alarm_share": 0.0, "device_days": 2.0, "bytes": 1234}
    names = ["lesson", "temperature", "temperature-float32", "cusum"]
    path = tmp_path / "measured.json"
    path.write_text(json.dumps({"detectors": dict.fromkeys(names, figures)}))
    return path


def report(project: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", "report", *map(str, arguments)]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


@pytest.mark.parametrize("profile", ["temperature", "lesson"])
def test_a_page_that_needs_nothing_else(
    profile: str, project: Path, tmp_path: Path, measured: Path
) -> None:
    page = tmp_path / "page.html"
    done = report(project, "--profile", profile, "--out", page, "--benchmark", measured)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    assert not re.search(r"<(script|link|img|iframe)\b", text)
    elsewhere = re.findall(r"(?:src|href)=\"(?!#)[^\"]*|url\((?!#)[^)]*|@import.*", text)
    assert not elsewhere
    assert text.count("<svg") >= 6
    assert not re.search("#0[1-6]0[1-6]0[1-6]", text), "a colour that no style sets"
    identifiers = re.findall(r"<clipPath id=\"([^\"]+)\"", text)
    assert len(identifiers) == len(set(identifiers))
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert {"Normal data", "What it finds, against others", "How large, how fast"} <= set(headings)
    assert ("Where the threshold comes from" in headings) == (profile == "temperature")
    assert text.count('class="cell') == 4 * (1 + sum(map(len, GRID.values())))


def test_a_file_that_is_no_benchmark_is_named(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    done = report(project, "--benchmark", path, "--out", tmp_path / "page.html")
    assert done.returncode == 1
    assert "other.json: is no result of `benchmark synthetic --json`" in done.stderr
