"""The report: one file, readable without a network, in light and dark."""

import dataclasses
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import in_process
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from benchmark import __main__ as benchmark
from benchmark import program, report, synthetic
from benchmark.devices import GRID
from benchmark.report import anomalies, comparison, page, signals, slow
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from training import __main__ as training
from training import data, manifest

TEMPERATURE = profiles.load(profiles.find("temperature"))
MODEL = manifest.load(PROJECT / "models" / "temperature")


def figures(recall: float = 0.5, size: int = 1234) -> dict[str, Any]:
    """What `benchmark synthetic --json` says of a detector, made up."""
    cell = {"recall": recall, "latency_s": 1.5}
    kinds = {kind: {str(size): cell for size in sizes} for kind, sizes in GRID.items()}
    return {
        "recall": recall,
        "events": 570,
        "kinds": kinds,
        "false_alarms_per_day": 0.25,
        "device_days": 2.0,
        "bytes": size,
    }


NAMES = ["lesson", "temperature", "temperature-float32", "mahalanobis", "sigma", "cusum", "pca"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("measured") / "measured.json"
    path.write_text(json.dumps({"detectors": dict.fromkeys(NAMES, figures())}))
    return path


def run_report(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return in_process.run(benchmark.main, "report", *arguments)


@pytest.fixture
def compiled(host_compiler: program.Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report finds the libraries compiled already."""
    monkeypatch.setattr(program, "compiler", lambda folder: host_compiler)


@dataclasses.dataclass(frozen=True)
class Made:
    """What the terminal got, and the page."""

    said: str
    steps: str
    text: str


@pytest.fixture(scope="module", params=["temperature", "lesson"])
def made(
    request: pytest.FixtureRequest,
    measured: Path,
    tmp_path_factory: pytest.TempPathFactory,
    host_compiler: program.Compiler,
) -> Made:
    """One in a process of its own, as a user has it; the other here, which is quicker."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    asked = ("--profile", request.param, "--out", str(path), "--benchmark", str(measured))
    if request.param == "temperature":
        command = [sys.executable, "-m", "benchmark", "report", *asked]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    else:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(program, "compiler", lambda folder: host_compiler)
            done = run_report(*asked)
    assert done.returncode == 0, done.stderr
    return Made(done.stdout, done.stderr, path.read_text(encoding="utf-8"))


def section(text: str, title: str) -> str:
    found = re.search(rf"<section><h2>{re.escape(title)}</h2>.*?</section>", text, re.DOTALL)
    assert found, f"no section {title}"
    return found[0]


def legend(part: str) -> dict[str, str]:
    """The labels of a legend and how it says that each is drawn."""
    return {m[2]: m[1] for m in re.finditer(r'<span class="key (\w+)"[^>]*>([^<]*)', part)}


def test_a_page_that_needs_nothing_else(made: Made) -> None:
    text = made.text
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
    assert ("Where the threshold comes from" in headings) == ("Detector temperature" in text)
    assert text.count('class="cell') == len(NAMES) * (1 + sum(map(len, GRID.values())))


def test_it_says_first_what_it_found(made: Made) -> None:
    headline = made.said.splitlines()[0]
    found = re.fullmatch(
        r"Of 5 anomalies put into its normal data it found (\d) and missed .*, "
        r"with \S+ false alarms? in the \S+ minutes that it was trained on \(synthetic.*\) "
        r"and a threshold of [\d.]+\.(?: A rise of 0.05 C a minute is found after 3\.\d+ hours\.)?",
        headline,
    )
    assert found
    assert ("A rise of" in headline) == ("Over hours and days" in made.text)
    assert 0 < made.text.index(f'<p class="headline">{headline}</p>') < made.text.index("<h2>")
    assert section(made.text, "What it would say").count("<td>found ") == int(found[1])


def test_each_step_is_told(made: Made) -> None:
    steps = re.findall(r"^report, +\d+ s: (.*), \d of 7$", made.steps, re.MULTILINE)
    assert steps[0] == "normal data" and steps[-1] == "done"
    assert len(steps) == (8 if "hours and days" in steps else 7)


def test_hours_and_days_are_judged_by_the_slow_charts() -> None:
    dataset = data.own(TEMPERATURE)
    part, sentence = slow.section(TEMPERATURE, MODEL, dataset)
    assert re.fullmatch(r"A rise of 0\.05 C a minute is found after 3\.\d+ hours\.", sentence)
    rows = dict(re.findall(r"<tr><th>([^<]+)</th><td[^>]*>([^<]*)", part.body))
    high, low = MODEL["pipeline"]["slow"]["values"][0]["learnt"]["bounds"]
    assert rows["normal from the start"] == f"{low:.4g} to {high:.4g} C"
    assert rows["starts 10 C higher"] == "found at once"
    slow_rise, quick_rise = (rows[f"rises by {size} C a minute"] for size in ("0.02", "0.2"))
    assert re.fullmatch(r"found after \d\.\d+ hours", slow_rise)
    assert re.fullmatch(r"found after \d+ minutes", quick_rise)
    assert legend(part.body)["Alarm from the first minute on"] == "dash"


def test_slow_charts_alone_have_no_score_and_say_when_they_judge(
    tmp_path: Path, compiled: None
) -> None:
    done = run_report("--profile", "logger", "--out", str(tmp_path / "page.html"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert done.stdout.startswith(
        "Trained on 3 days (synthetic, sensor, 864 rows, seed 1). "
        "Nothing is an alarm before 7 days are known; the recording has 3.\n"
    )
    assert re.findall(r"<h2>(.*?)</h2>", text) == [
        "Normal data",
        "Over hours and days",
        "How large, how fast",
    ]
    assert set(legend(section(text, "Normal data"))) == {"Real"}
    assert "1e+30" not in text and "threshold" not in text.lower() and "alarms in" not in text


def test_a_legend_names_what_is_drawn(made: Made) -> None:
    lines = {"Real": "line", "Recon": "line", "Score": "line", "Threshold": "dash"}
    assert legend(section(made.text, "Normal data")) == lines  # no alarm, so none in the legend
    injected = legend(section(made.text, "What it would say"))
    assert injected == lines | {"Alarm": "band", "Anomaly put in": "mark"}
    bars = {"Normal scores": "bars", "Threshold": "dash"}
    if "Scores of normal data" in made.text:
        assert legend(section(made.text, "Scores of normal data")) == bars
    else:
        tail = legend(section(made.text, "Where the threshold comes from"))
        assert tail == bars | {"Measured": "line", "Fitted tail": "line"}


def test_a_unit_is_said_once(made: Made) -> None:
    assert ">temperature, C</text>" in section(made.text, "Normal data")


def test_anomalies_are_found_or_missed_by_alarms_that_begin_with_them() -> None:
    normal = np.random.default_rng(1).normal(25, 0.08, (1200, 1))
    sensitive = anomalies.put_in(TEMPERATURE, MODEL, normal)
    assert [a.kind for a in sensitive.anomalies] == list(anomalies.KINDS)
    begins = [begin for begin, _ in sensitive.result.intervals()]
    for a in sensitive.anomalies:
        assert a.latency is not None and a.begin + a.latency in begins
    # Noise may alarm more than once: what begins within an anomaly is no false alarm.
    starts = [a.begin for a in sensitive.anomalies]
    within = [b for b in begins if any(start <= b < start + 120 for start in starts)]
    assert sensitive.false_alarms == len(begins) - len(within)
    deaf = json.loads(json.dumps(MODEL))
    deaf["pipeline"]["decision"] |= {"threshold": 1e6, "chart_threshold": 1e6}
    missed = anomalies.put_in(TEMPERATURE, deaf, normal)
    assert [a.latency for a in missed.anomalies] == [None] * 5
    text = signals.injected(TEMPERATURE, missed, 0.5).body
    assert text.count('<td class="missed">missed</td>') == 5


@pytest.mark.usefixtures("compiled")
def test_every_channel_is_shown_with_its_unit_once(project: Path, tmp_path: Path) -> None:
    text = (project / "examples" / "pump.toml").read_text(encoding="utf-8")
    start, end = text.index("channels = ["), text.index("]", text.index("channels = [")) + 1
    text = text[:start] + 'channels = ["Current [A]", "Flow & <b>", "Price $a$"]' + text[end:]
    text = re.sub(r"units = \[[^\]]*\].*", 'units = ["A", "", ""]', text)
    text = text.replace("steps = 800", "steps = 20")
    profile = tmp_path / "pump.toml"
    profile.write_text(text, encoding="utf-8")
    rows = np.random.default_rng(3).normal(5, 1, (900, 3))
    data = tmp_path / "a&lt;b.csv"
    lines = [",".join(f"{v:.5f}" for v in row) for row in rows]
    data.write_text("\n".join(lines) + "\n")
    model, path = tmp_path / "model", tmp_path / "page.html"
    asked = ("--profile", profile, "--data", data, "--interval", "1", "--out", model)
    assert in_process.run(training.main, "train", *asked).returncode == 0
    done = run_report("--profile", profile, "--model", model, "--out", path)
    assert done.returncode == 0, done.stderr
    page_text = path.read_text(encoding="utf-8")
    for title in ("Normal data", "What it would say"):
        part = html.unescape(section(page_text, title))
        assert part.count(">A</text>") == 2  # in the wide and in the narrow picture
        for name in ("Current,", "Flow & <b>", "Price $a$"):
            assert f">{name}</text>" in part
    assert "Recon of Current" in legend(section(page_text, "Normal data"))
    marked = section(page_text, "What it would say")
    assert len(re.findall("<td>(?:Current|Flow &amp; &lt;b&gt;|Price [$]a[$])</td>", marked)) == 5
    assert "<b>" not in page_text and "a&amp;lt;b.csv" in page_text
    assert "this profile has 3 at 1 Hz" in section(page_text, "What it finds, against others")


@pytest.mark.skipif(os.name == "nt", reason="the compiler that fails is a shell script")
def test_what_failed_is_in_the_page_and_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\necho 'no <memory> left' >&2\nexit 1\n")
    compiler.chmod(0o755)
    path = tmp_path / "page.html"
    monkeypatch.setenv("PATH", str(compiler.parent))
    done = run_report("--profile", "lesson", "--out", path)
    assert done.returncode == 0, done.stderr
    failed = ("What it finds, against others", "How large, how fast")
    text = path.read_text(encoding="utf-8")
    assert f"Not complete, something failed: {', '.join(failed)}." in text
    for title in failed:
        assert f"warning: not in the report: {title}: g++ failed" in done.stderr
        assert "no &lt;memory&gt; left" in section(text, title)


@pytest.mark.usefixtures("compiled")
def test_a_training_that_failed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> dict[str, synthetic.Outcome]:
        raise UserError("the data does not do")

    monkeypatch.setattr(synthetic, "run", fail)
    lesson = profiles.load(profiles.find("lesson"))
    found = manifest.load(PROJECT / "models" / "lesson")
    written = report.write(lesson, found, tmp_path / "page.html", None, lambda *_: None)
    assert written.failures == ["What it finds, against others: the data does not do"]
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "the data does not do" in section(text, "What it finds, against others")


def test_every_detector_is_explained() -> None:
    names = synthetic.known(TEMPERATURE)
    meanings = [comparison.meaning(TEMPERATURE, name) for name in names]
    assert "another profile" not in meanings and len(set(meanings)) == len(names)
    body = comparison.sections(TEMPERATURE, MODEL, {name: figures() for name in names})[0].body
    assert re.findall(r"<dt>(.*?)</dt>", body) == names


def test_a_wide_table_scrolls_and_says_so() -> None:
    detectors = {name: figures() for name in NAMES}
    body = comparison.sections(TEMPERATURE, MODEL, detectors)[0].body
    assert '<p class="hint">Scroll sideways: 7 detectors' in body
    assert '<div class="scroll" tabindex="0" role="region"' in body
    few = {name: figures() for name in NAMES[:2]}
    assert "hint" not in comparison.sections(TEMPERATURE, MODEL, few)[0].body


@pytest.mark.parametrize(
    ("int8", "float32", "said", "not_said"),
    [
        (figures(0.900, 2660), figures(0.902, 2396), "cannot be told apart", "better choice"),
        (figures(0.900, 2660), figures(0.902, 2396), "264 bytes larger", "bytes less"),
        (figures(0.700, 2660), figures(0.900, 2396), "finds 20.0 % of all anomalies less", "apart"),
        (figures(0.700, 2660), figures(0.900, 2396), "`quantize = false` in the profile", "apart"),
        (figures(0.900, 2000), figures(0.902, 2396), "396 bytes less", "floating point"),
    ],
)
def test_int8_is_explained_by_what_was_measured(
    int8: dict[str, Any], float32: dict[str, Any], said: str, not_said: str
) -> None:
    detectors = {"temperature": int8, "temperature-float32": float32}
    part = comparison.sections(TEMPERATURE, MODEL, detectors)[-1]
    assert part.title == "int8 or float32"
    assert said in part.text and not_said not in part.text
    assert "int8, this profile" in part.body


def test_plain_texts_are_escaped() -> None:
    part = page.Part("<t>", "a < b, `x & y`", failed="<f>")
    text = page.page("<p>", "<i>", "<h>", [part])
    for raw in ("<t>", "<p><", "<i>", "<h>", "<f>"):
        assert raw not in text
    assert "a &lt; b, <code>x &amp; y</code>" in text


def test_a_unit_in_the_name_is_taken_from_there() -> None:
    names = ("Motor current [A]", "Pressure (bar)", "Flow")
    sensor = dataclasses.replace(TEMPERATURE.sensor, channels=names, units=("A", "bar", "l/min"))
    profile = dataclasses.replace(TEMPERATURE, sensor=sensor)
    found = [signals.name_and_unit(profile, channel) for channel in range(3)]
    assert found == [("Motor current", "A"), ("Pressure", "bar"), ("Flow", "l/min")]


def test_a_file_that_is_no_benchmark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    done = run_report("--benchmark", path, "--out", tmp_path / "page.html")
    assert done.returncode == 1
    assert "other.json: is no result of `benchmark synthetic --json`" in done.stderr
