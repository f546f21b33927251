"""The whole report: what is measured and drawn, in which order, and what is said of a failure."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import devices, program, synthetic, variants
from benchmark.report import anomalies, benchmark, comparison, page, signals, slow, threshold
from benchmark.report.anomalies import Trial
from benchmark.report.page import Part
from benchmark.report.steps import Told
from project import commands
from project.errors import UserError
from project.profile import Profile
from training import data, fingerprint, modelinfo
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

_STEPS: Final = 7


@dataclass(frozen=True)
class Written:
    """What the page says first, and what could not be measured for it."""

    headline: str
    failures: list[str]


def write(
    profile: Profile,
    found: Manifest,
    out: Path,
    detectors: dict[str, Any] | None,
    told: Told,
) -> Written:
    """Writes the page. `detectors`: what `read_benchmark` gave; None: measure now.

    What cannot be measured is said in the page and in the result.

    Raises:
      UserError: matplotlib is missing, the data are gone, or the page cannot be written.
    """
    _prepare_matplotlib()
    told("normal data", 0, _STEPS)
    dataset = data.of_record(profile, found["data"])
    parts, headline = _judged(profile, found, dataset, told)
    samples = max(dataset.as_samples().segments, key=len)
    parts += _measured(profile, found, samples, detectors, told)
    told("writing the page", _STEPS - 1, _STEPS)
    fresh = found["fingerprint"] == fingerprint.expected(profile, found["data"])
    stale = "" if fresh else " The profile or its data have changed since it was trained."
    introduction = f"{profile.description}. Fingerprint `{found['fingerprint'][:12]}`.{stale}"
    text = page.page(f"Detector {profile.name}", introduction, headline, parts)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror or error})") from error
    told("done", _STEPS, _STEPS)
    return Written(headline, [f"{part.title}: {part.failed}" for part in parts if part.failed])


def _prepare_matplotlib() -> None:
    try:
        import matplotlib
    except ImportError as error:
        cure = commands.piow("--install", "train")
        raise UserError(f"matplotlib is missing; run: {cure}") from error
    matplotlib.use("svg")


def _judged(
    profile: Profile, found: Manifest, dataset: Dataset, told: Told
) -> tuple[list[Part], str]:
    """The sections on what this computer judges as the firmware would, and what they come to."""
    normal, alarms = signals.normal(profile, found, dataset)
    step = signals.seconds_a_row(profile, dataset)
    length, source = signals.duration(dataset.rows * step), found["data"]["description"]
    parts, said = [normal], [f"Trained on {length} ({source})."]
    if profile.has_score:
        told("anomalies put into them", 1, _STEPS)
        trial = anomalies.put_in(profile, found, max(dataset.segments, key=len))
        parts.append(signals.injected(profile, trial, step))
        said = [_headline(found, trial, alarms, length)]
    if profile.slow is not None:
        told("hours and days", 2, _STEPS)
        part, sentence = slow.section(profile, found, dataset)
        parts.append(part)
        said.append(sentence)
    if profile.has_score:
        told("scores", 3, _STEPS)
        parts.append(threshold.section(profile, found, dataset))
    return parts, " ".join(said)


def _headline(found: Manifest, trial: Trial, alarms: int, length: str) -> str:
    """What it found, what it missed, false alarms, threshold and data, in one sentence."""
    missed = [a.kind for a in trial.anomalies if a.latency is None]
    count = len(trial.anomalies)
    verdict = f"missed {len(missed)} ({', '.join(missed)})" if missed else "missed none"
    level = found["pipeline"]["decision"]["threshold"]
    return (
        f"Of {count} anomalies put into its normal data it found {count - len(missed)} and "
        f"{verdict}, with {alarms or 'no'} false alarm{'s' * (alarms != 1)} in the {length} "
        f"that it was trained on ({found['data']['description']}) and a threshold of {level:.3g}."
    )


def _measured(
    profile: Profile,
    found: Manifest,
    normal: Array,
    detectors: dict[str, Any] | None,
    told: Told,
) -> list[Part]:
    """The sections that need a compiler, which compiles everything for them once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told("compiling", 4, _STEPS)
        compiler, failed = None, ""
        try:
            compiler = program.compiler(folder / "objects")
        except UserError as error:
            failed = str(error)
        parts = _against_others(profile, found, detectors, compiler, failed, told)
        told("speed of the program", 5, _STEPS)
        return [*parts, _sizes(profile, found, normal, compiler, failed, folder)]


def _against_others(
    profile: Profile,
    found: Manifest,
    detectors: dict[str, Any] | None,
    compiler: program.Compiler | None,
    failed: str,
    told: Told,
) -> list[Part]:
    if not profile.has_score:
        return []
    if detectors is None and not synthetic.suits(profile):
        count, rate = len(profile.sensor.channels), profile.sampling.rate_hz
        text = (
            f"Not measured: the simulated devices have one channel at {devices.RATE_HZ:g} Hz, "
            f"this profile has {count} at {rate:g} Hz."
        )
        return [Part(comparison.AGAINST_OTHERS, text)]
    if detectors is None and compiler is not None:
        try:
            detectors = benchmark.measured(profile, compiler, told)
        except UserError as error:
            failed = str(error)
    if detectors is None:
        return [Part(comparison.AGAINST_OTHERS, "It could not be measured.", failed=failed)]
    return comparison.sections(profile, found, detectors)


def _sizes(
    profile: Profile,
    found: Manifest,
    normal: Array,
    compiler: program.Compiler | None,
    failed: str,
    folder: Path,
) -> Part:
    model = found["model"]
    rows = [
        ("parameters", f"{modelinfo.parameters(found)}"),
        ("model", f"{model['bytes']:,} bytes, {model['type']}"),
        ("model and constants", f"{variants.size(found):,} bytes"),
        ("arena on the chip", f"{model['arena']['chip_size_bytes']:,} bytes"),
        ("features", ", ".join(profile.feature_names)),
    ]
    if compiler is not None:
        try:
            speed = benchmark.microseconds(profile, found, normal, compiler, folder / "model")
            rows.append(("time on this computer", f"{speed:.2f} microseconds a sample"))
        except UserError as error:
            failed = str(error)
    text = "The time of a sample could not be measured." if failed else ""
    return Part("How large, how fast", text, page.pairs(rows), failed)
