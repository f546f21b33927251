"""One HTML page about a model, with everything inside: no network is needed to read it."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training import (
    calibration,
    data,
    evaluation,
    fingerprint,
    layers,
    modelinfo,
    normal,
)
from training.benchmark import baselines, program, synthetic, variants
from training.data import Dataset
from training.errors import UserError
from training.manifest import Manifest
from training.profiles import Profile

Array = npt.NDArray[np.float64]

SHOWN_ROWS: Final = 1200  # of a recording; more cannot be told apart in a picture
_TAIL_STREAMS: Final = 160
_BENCHMARK: Final = synthetic.Settings(days=0.25, devices=2, jobs=2)

# Colours that only the drawing knows; in the page they become variables of its light or dark style.
_INK, _FAINT, _REAL, _EXPECTED, _SCORE, _ALARM = (
    "#010101",
    "#020202",
    "#030303",
    "#040404",
    "#050505",
    "#060606",
)
_VARIABLES: Final = {
    _INK: "ink",
    _FAINT: "faint",
    _REAL: "real",
    _EXPECTED: "expected",
    _SCORE: "score",
    _ALARM: "alarm",
}
_SIZES: Final = {"wide": (10.4, 1.0), "narrow": (4.6, 1.15)}  # inches, factor of the height


@dataclass(frozen=True)
class Part:
    """A section: heading, one or two sentences, content as HTML."""

    title: str
    text: str
    body: str


def write(
    profile: Profile,
    found: Manifest,
    out: Path,
    benchmark: dict[str, Any] | None,
    told: Callable[[int, int], None],
) -> None:
    """Writes the page. `benchmark`: what `benchmark synthetic --json` gave; None: measure now.

    Raises:
      UserError: matplotlib is missing, the data are gone, or the page cannot be written.
    """
    try:
        import matplotlib

        matplotlib.use("svg")
    except ImportError as error:
        raise UserError("matplotlib is missing; run: python piow --install train") from error
    dataset = _dataset(profile, found)
    segment = max(dataset.segments, key=len)
    parts = [
        _recording(profile, found, segment),
        _injected(profile, found, segment),
        _scores(profile, found, dataset),
    ]
    detectors = benchmark["detectors"] if benchmark else _measured(profile, told)
    if detectors:
        parts += [_heat_map(detectors), _latency(detectors)]
        parts += _quantisation(profile, detectors)
    parts.append(_sizes(profile, found, segment))
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        out.write_text(_page(profile, found, parts), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror or error})") from error


def read_benchmark(path: Path) -> dict[str, Any]:
    """What `benchmark synthetic --json` has written.

    Raises:
      UserError: it is something else.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        next(iter(content["detectors"].values()))["kinds"]
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise UserError(f"{path}: is no result of `benchmark synthetic --json`") from error
    return content


def _dataset(profile: Profile, found: Manifest) -> Dataset:
    record = found["data"]
    if record["kind"] != "file":
        return data.own(profile)
    path = fingerprint.data_path(record)
    if not path.is_file():
        raise UserError(f"{path}: the data of this model are gone")
    return data.from_file(profile, path, record["rows"], record["columns"])


def _measured(profile: Profile, told: Callable[[int, int], None]) -> dict[str, Any]:
    """A small benchmark; nothing where the simulated devices do not fit the profile."""
    names = [name for name in synthetic.known(profile) if name not in baselines.SLOW]
    try:
        outcomes = synthetic.run(profile, names, _BENCHMARK, told)
    except UserError:
        return {}
    return {name: synthetic.report(outcome) for name, outcome in outcomes.items()}


# --- sections


def _recording(profile: Profile, found: Manifest, segment: Array) -> Part:
    result = evaluation.run(profile, found, segment)
    alarms = len(result.intervals())
    text = (
        f"{found['data']['description']}. {len(segment)} readings, "
        f"{alarms} alarm{'s' * (alarms != 1)} on them."
    )
    if len(segment) > SHOWN_ROWS:
        text += f" The first {SHOWN_ROWS} are shown."
    shown = segment[:SHOWN_ROWS]
    return Part("Normal data", text, _signal(profile, found, shown, []))


def _injected(profile: Profile, found: Manifest, segment: Array) -> Part:
    """The recording with one anomaly of each kind put in, sizes in sigma of its noise."""
    x = segment[:SHOWN_ROWS]
    while len(x) < 2 * SHOWN_ROWS:
        x = np.concatenate([x, x[::-1]])  # backwards, so that it does not jump
    x = x[: 2 * SHOWN_ROWS].copy()
    sigma = found["pipeline"]["sigma"][0]
    random = np.random.default_rng(1)
    ends = np.linspace(0, len(x), 6).astype(int)
    length = len(x) // 40
    kinds = {
        "spike": np.where(np.arange(length) == 0, 20.0, 0.0),
        "step": np.full(length, 10.0),
        "drift": np.linspace(0.0, 20.0, length),
        "noise": random.normal(0, 4, length),
        "swing": 6 * np.sin(np.arange(length) * 2 * np.pi / 12),
    }
    marks = []
    for (kind, shape), begin, end in zip(kinds.items(), ends, ends[1:], strict=False):
        start = begin + (end - begin) // 4
        x[start : start + length, 0] += sigma * shape[: len(x) - start]
        marks.append((start, kind))
    text = (
        "The same with anomalies put in: a spike of 20 sigma, a step of 10, a drift to 20, noise "
        f"four times as large, a swing of 6. Sigma, the noise of the sensor, is {sigma:.3g} "
        f"{profile.sensor.unit}."
    )
    return Part("What it would say", text, _signal(profile, found, x, marks))


def _signal(profile: Profile, found: Manifest, x: Array, marks: list[tuple[int, str]]) -> str:
    result = evaluation.run(profile, found, x)
    seconds = np.arange(len(x)) / profile.sampling.rate_hz

    def draw(figure: Any) -> None:
        top, bottom = figure.subplots(2, sharex=True, height_ratios=[3, 2])
        top.plot(seconds, x[:, 0], color=_REAL, linewidth=0.9, label="Real")
        top.plot(seconds, result.expected, color=_EXPECTED, linewidth=0.9, label="Recon")
        top.set_ylabel(f"{profile.sensor.channels[0]}, {profile.sensor.unit}")
        bottom.plot(seconds, result.score, color=_SCORE, linewidth=0.9, label="Score")
        bottom.axhline(result.threshold, color=_ALARM, linewidth=1, linestyle="--")
        bottom.set_yscale("log" if result.score.max() > 20 * result.threshold else "linear")
        bottom.set_ylabel("score")
        bottom.set_xlabel("seconds")
        for begin, end in result.intervals():
            for axes in (top, bottom):
                axes.axvspan(
                    seconds[begin], seconds[min(end, len(x) - 1)], color=_ALARM, alpha=0.22, lw=0
                )
        for start, name in marks:
            top.annotate(
                name,
                (seconds[start], 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 4),
                textcoords="offset points",
                ha="left",
            )

    legend = _legend(
        ("real", "Real"), ("expected", "Recon"), ("score", "Score"), ("alarm", "Alarm")
    )
    return legend + _drawn("injected" if marks else "recording", draw, 4.0)


def _scores(profile: Profile, found: Manifest, dataset: Dataset) -> Part:
    """Distribution of normal scores; where the threshold comes from a tail, that tail."""
    rule = profile.detector.calibration
    threshold = float(found["pipeline"]["decision"]["threshold"])
    part = None
    if rule is not None and rule.kind == "tail":
        part = normal.prepare(profile, dataset, np.asarray(found["pipeline"]["sigma"]))[0]
    if rule is None or part is None or not part.drawn:
        segment = max(dataset.segments, key=len)
        own = evaluation.run(profile, found, segment).score
        return Part(
            "Scores of normal data",
            "How often each score occurs on the recording; the dashed line is the threshold.",
            _drawn("scores", lambda figure: _histogram(figure.subplots(), own, threshold), 2.8),
        )
    streams = part.features[:_TAIL_STREAMS]
    scores = _shown_scores(profile, found, streams)[:, part.run_in :]
    per_day = rule.false_alarms_per_day / part.rate  # rows
    blocks = scores.shape[1] // part.episode
    maxima = np.sort(scores[:, : blocks * part.episode].reshape(-1, part.episode).max(axis=1))
    days = scores.size / per_day
    allowed = np.geomspace(rule.false_alarms_per_day / 4, 15, 40)
    levels = [calibration.tail_level(scores, a / per_day, part.episode) for a in allowed]

    def draw(figure: Any) -> None:
        narrow = figure.get_figwidth() < 6
        left, right = figure.subplots(2 if narrow else 1, 1 if narrow else 2).flat
        _histogram(left, scores.ravel(), threshold)
        over = np.arange(len(maxima), 0, -1) / days
        right.plot(maxima, over, color=_SCORE, linewidth=1.4)
        right.plot(levels, allowed, color=_EXPECTED, linewidth=1.2)
        right.axvline(threshold, color=_ALARM, linewidth=1, linestyle="--")
        right.set_yscale("log")
        right.set_xlabel("score")
        right.set_ylabel("episodes a day over it")

    text = (
        f"{days:.1f} days of normal data, most of them drawn from what the recording shows. First "
        "how often each score occurs; then how often a day it is exceeded, measured and as the "
        f"fitted tail says. {rule.false_alarms_per_day:g} false alarms a day are allowed, half to "
        "each of the two charts; that sets the threshold (dashed)."
    )
    legend = _legend(("score", "Measured"), ("expected", "Fitted tail"), ("alarm", "Threshold"))
    return Part("Where the threshold comes from", text, legend + _drawn("tail", draw, 3.0, 1.7))


def _shown_scores(profile: Profile, found: Manifest, streams: Array) -> Array:
    """Scores [streams, rows] of features [streams, rows, features], on the threshold's scale."""
    pipeline = found["pipeline"]
    scaler, scorer = evaluation._scaler(pipeline["scaling"]), evaluation._scorer(pipeline["score"])
    inputs = scaler.apply(streams)
    flat = inputs.reshape(-1, inputs.shape[-1])
    outputs = np.zeros_like(flat)
    if found["layers"]:
        outputs = layers.run(found["layers"], found["quantization"], flat)
    decision = pipeline["decision"]
    charts = calibration.Thresholds(decision["threshold"], decision["chart_threshold"])
    scores = scorer.score(inputs, outputs.reshape(inputs.shape))
    return charts.shown(scores, decision["chart_tau"])


def _histogram(axes: Any, scores: Array, threshold: float) -> None:
    top = max(float(scores.max()), threshold) * 1.05
    axes.hist(scores, bins=60, range=(0, top), color=_SCORE)
    axes.axvline(threshold, color=_ALARM, linewidth=1, linestyle="--")
    axes.set_yscale("log")
    axes.set_xlabel("score")
    axes.set_ylabel("samples")


def _heat_map(detectors: dict[str, Any]) -> Part:
    head = "".join(f"<th><span>{html.escape(name)}</span></th>" for name in detectors)
    rows = []
    kinds = next(iter(detectors.values()))["kinds"]
    for kind, sizes in kinds.items():
        for size in sizes:
            cells = [d["kinds"][kind][size]["recall"] for d in detectors.values()]
            rows.append(f"<tr><th>{kind} {size}</th>{''.join(map(_cell, cells))}</tr>")
    mean = "".join(_cell(d["recall"]) for d in detectors.values())
    alarms = "".join(f"<td>{_short(d['false_alarms_per_day'])}</td>" for d in detectors.values())
    table = (
        f'<table class="map"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(rows)}'
        f"<tr><th>mean</th>{mean}</tr><tr><th>false alarms a day</th>{alarms}</tr></tbody></table>"
    )
    days = max(d["device_days"] for d in detectors.values())
    text = (
        "Of a hundred anomalies of each kind and size on simulated devices, how many are found. "
        f"Each detector was trained on the same recording of each device; {days:.1f} normal "
        "device-days. Spikes and steps in C, drift in C a minute, oscillation by its amplitude, "
        "noise as a factor, stuck and dropout in seconds. A detector that is nearly always in "
        "alarm finds little: an alarm has to begin with the anomaly. With more devices: "
        "<code>python -m training benchmark synthetic</code>."
    )
    return Part("What it finds, against others", text, f'<div class="scroll">{table}</div>')


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _cell(recall: float) -> str:
    dark = " on" if recall > 0.55 else ""
    return f'<td class="cell{dark}" style="--r:{100 * recall:.0f}%">{100 * recall:.0f}</td>'


def _latency(detectors: dict[str, Any]) -> Part:
    """Median seconds until an anomaly is found, of the first detector that is no lesson."""
    name = next((n for n in detectors if n != "lesson"), next(iter(detectors)))
    rows = [
        f"<tr><th>{kind} {size}</th><td>{cell['latency_s']:.1f} s</td></tr>"
        for kind, sizes in detectors[name]["kinds"].items()
        for size, cell in sizes.items()
        if cell["latency_s"] is not None
    ]
    text = f"Median time from the start of an anomaly to the alarm, of those that {name} finds."
    return Part("How soon", text, f'<table class="pairs columns">{"".join(rows)}</table>')


def _quantisation(profile: Profile, detectors: dict[str, Any]) -> list[Part]:
    kind, other = ("int8", "float32") if profile.network.quantize else ("float32", "int8")
    names = {kind: profile.name, other: f"{profile.name}-{other}"}
    if any(name not in detectors for name in names.values()):
        return []
    body = "<tr><th></th><th>recall</th><th>false alarms a day</th><th>bytes</th></tr>"
    for label in ("float32", "int8"):
        d = detectors[names[label]]
        body += (
            f"<tr><th>{label}</th><td>{d['recall']:.3f}</td>"
            f"<td>{d['false_alarms_per_day']:.2f}</td><td>{d['bytes']:,}</td></tr>"
        )
    loss = detectors[names["float32"]]["recall"] - detectors[names["int8"]]["recall"]
    text = (
        f"int8 costs {loss:.3f} of recall on the same devices." if loss > 0 else "Nothing is lost."
    )
    return [Part("What int8 costs", text, f'<table class="pairs">{body}</table>')]


def _sizes(profile: Profile, found: Manifest, segment: Array) -> Part:
    model = found["model"]
    rows = [
        ("parameters", f"{modelinfo.parameters(found)}"),
        ("model", f"{model['bytes']:,} bytes, {model['type']}"),
        ("model and constants", f"{variants.size(found):,} bytes"),
        ("arena on the chip", f"{model['arena']['chip_size_bytes']:,} bytes"),
        ("features", ", ".join(profile.feature_names)),
    ]
    microseconds = _microseconds(profile, found, segment)
    if microseconds is not None:
        rows.append(("time on this computer", f"{microseconds:.2f} microseconds a sample"))
    body = "".join(f"<tr><th>{k}</th><td>{html.escape(v)}</td></tr>" for k, v in rows)
    return Part("How large, how fast", "", f'<table class="pairs">{body}</table>')


def _microseconds(profile: Profile, found: Manifest, segment: Array) -> float | None:
    """What a sample costs in the compiled program, its line of text included; None: no compiler."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            compiler = program.compiler(Path(folder) / "objects")
            built = compiler.build(profile, found, Path(folder) / "model")
            said = built.run(np.tile(segment, (max(1, 100_000 // len(segment)), 1)))
        except UserError:
            return None
    throughput = re.search(rb"throughput (\d+) samples/s", said)
    return 1e6 / int(throughput[1]) if throughput and int(throughput[1]) else None


# --- drawing and page


def _drawn(
    name: str, draw: Callable[[Any], None], height: float, narrow_factor: float = 1.0
) -> str:
    """A picture for wide and one for narrow screens, as inline SVG in the page's colours.

    `name` makes the ids in it differ from those of other pictures: all stand in one document.
    """
    import io

    import matplotlib
    from matplotlib.figure import Figure

    style = {
        "svg.fonttype": "none",
        "font.size": 10,
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "axes.edgecolor": _FAINT,
        "xtick.color": _FAINT,
        "ytick.color": _FAINT,
        "xtick.labelcolor": _INK,
        "ytick.labelcolor": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": _FAINT,
        "grid.alpha": 0.35,
        "grid.linewidth": 0.5,
    }
    pictures = []
    for size, (width, factor) in _SIZES.items():
        factor *= narrow_factor if size == "narrow" else 1.0
        style["svg.hashsalt"] = f"{name} {size}"
        with matplotlib.rc_context(style):
            figure = Figure(figsize=(width, height * factor), layout="constrained")
            draw(figure)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        pictures.append(f'<div class="{size}">{_in_page_colours(buffer.getvalue())}</div>')
    return "".join(pictures)


def _in_page_colours(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"(font: [^;']*?px) [^;\"]*", r"\1 system-ui, sans-serif", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return svg


def _legend(*entries: tuple[str, str]) -> str:
    keys = "".join(f'<span class="key {name}">{label}</span>' for name, label in entries)
    return f'<p class="legend">{keys}</p>'


def _page(profile: Profile, found: Manifest, parts: list[Part]) -> str:
    sections = "".join(
        f"<section><h2>{part.title}</h2>{f'<p>{part.text}</p>' if part.text else ''}"
        f"{part.body}</section>"
        for part in parts
    )
    title = f"Detector {html.escape(profile.name)}"
    fresh = found["fingerprint"] == fingerprint.expected(profile, found["data"])
    stale = "" if fresh else " <b>The profile or its data have changed since it was trained.</b>"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{html.escape(profile.description)}. Fingerprint "
        f"<code>{found['fingerprint'][:12]}</code>.{stale}</p>{sections}</main></body></html>\n"
    )


_STYLE: Final = """
:root { --back: #fff; --card: #f6f7f9; --ink: #1c2230; --faint: #9aa3b2; --real: #2563a8;
  --expected: #d97706; --score: #4b6b8a; --alarm: #c81e3a; --heat: #1d6f5c; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --back: #14171d; --card: #1c2129; --ink: #e4e8ef;
  --faint: #667080; --real: #6cb0f5; --expected: #f3a94b; --score: #9db8d3; --alarm: #ff6b81;
  --heat: #3fb798; --on: #0b1210; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.7rem; margin: 0 0 4px; }
h2 { font-size: 1.15rem; margin: 0 0 4px; }
p { margin: 0 0 10px; max-width: 46rem; }
section { background: var(--card); border-radius: 10px; padding: 16px; margin-top: 16px; }
svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
.legend { font-size: 0.85rem; margin: 0 0 4px; }
.key { margin-right: 14px; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; margin-right: 6px;
  vertical-align: middle; background: var(--c); }
.real { --c: var(--real); } .expected { --c: var(--expected); }
.score { --c: var(--score); } .alarm { --c: var(--alarm); }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th { font-weight: 500; text-align: left; }
.scroll { overflow-x: auto; }
.map { width: 100%; max-width: 860px; }
.map thead th { height: 8.6em; vertical-align: bottom; padding: 0; }
.map thead span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap;
  display: block; margin: 0 auto; line-height: 1.2; }
.map tbody th { white-space: nowrap; padding-right: 8px; }
.map td { text-align: center; min-width: 1.9em; padding: 2px 0; border: 1px solid var(--card); }
.cell { background: color-mix(in srgb, var(--heat) var(--r), var(--back)); }
.cell.on { color: var(--on); }
.pairs th, .pairs td { padding: 3px 18px 3px 0; vertical-align: top; }
.pairs td { text-align: left; }
.pairs th { white-space: nowrap; }
.columns tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); }
.columns tr { display: flex; }
.columns th { flex: 1; }
.columns td { white-space: nowrap; }
.columns { width: 100%; }
code { font-size: 0.9em; }
@media (max-width: 640px) { .wide { display: none; } .narrow { display: block; }
  main { padding: 16px 10px 32px; } section { padding: 12px; }
  table { font-size: 0.75rem; } .map tbody th { padding-right: 4px; } }
"""
