"""`program --simulate` shows the signal that its model was trained on, whatever that was."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from conftest import PlatformIO

from benchmark import program
from project import profile as profiles
from training import data, manifest, train
from training.wishes import Wishes

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")

Array = npt.NDArray[np.float64]

PROFILE = """
[sensor]
kind = "linear"
channels = {channels}
unit = "u"
gain = {gain}
offset = {offset}
valid = {valid}
stuck_seconds = {stuck_seconds}

[sampling]
rate_hz = {rate_hz}

[features]
use = {use}

[scaling]
kind = "standard"
squash = 4.0
whiten = true

[network]
layers = [8, 4, 8]
activations = ["relu", "linear", "relu"]
output_activation = "linear"
steps = 300
learning_rate = 0.005

[detector]
kind = "{kind}"
score = "rms"
alarm_count = {alarm_count}
alarm_seconds = {alarm_seconds}
clear_seconds = 3
warmup_seconds = {warmup_seconds}

[detector.calibration]
kind = "quantile"
margin = 2.0
"""
USUAL = {
    "gain": 1.0,
    "offset": 0.0,
    "valid": [-1e4, 1e4],
    "stuck_seconds": 0,
    "rate_hz": 2.0,
    "use": '[{ kind = "level", tau = 16 }, "jump"]',
    "kind": "mahalanobis",
    "warmup_seconds": 12,
    "alarm_seconds": 1.5,
    "alarm_count": 1,
}

LEVELS = [22.0, 55.0, 1013.0, 0.8, 230.0, 12.0, -18.0, 400.0]
NOISES = [0.08, 0.4, 0.15, 0.02, 1.5, 0.05, 0.3, 6.0]


def recording(
    levels: Sequence[float],
    noises: Sequence[float],
    *,
    common: float = 0.0,
    colour: float = 0.0,
    step: float = 0.0,
) -> Array:
    """Readings [rows, channels] whose noise is partly `common` and keeps `colour` of itself, in
    multiples of `step`.
    """
    random = np.random.default_rng(len(levels))
    signs = np.where(np.arange(len(levels)) % 3 == 2, -1.0, 1.0)
    noise = np.sqrt(1 - common) * random.standard_normal((3000, len(levels)))
    noise += np.sqrt(common) * random.standard_normal((3000, 1)) * signs
    for i in range(1, len(noise)):
        noise[i] = colour * noise[i - 1] + np.sqrt(1 - colour**2) * noise[i]
    readings = levels + np.asarray(noises) * noise
    return np.asarray(np.round(readings / step) * step if step else readings)


class Model(NamedTuple):
    profile: profiles.Profile
    manifest: manifest.Manifest


def trained(folder: Path, readings: Array, **keys: object) -> Model:
    """The model of a profile with such `keys`, of a recording [rows, channels]."""
    names = [f"c{i}" for i in range(readings.shape[1])]
    file = folder / "made.toml"
    file.write_text(PROFILE.format(**USUAL | {"channels": json.dumps(names)} | keys), "utf-8")
    profile = profiles.load(file)
    (folder / "normal.csv").write_text(program.plain_text(profile, [readings]), "utf-8")
    dataset = data.from_file(profile, folder / "normal.csv", Wishes())
    train.publish(train.train(profile, dataset, lambda *_: None), folder / "model")
    return Model(profile, manifest.load(folder / "model"))


class Run(NamedTuple):
    exit_code: int
    said: str
    board: str  # what it said on stderr
    states: str  # a letter a sample
    values: Array  # of the first channel, where a reading was shown
    found: list[tuple[str, str, float, float, str]]  # kind, channel, first s, last s, outcome


@pytest.fixture
def simulate(host_compiler: program.Compiler, tmp_path: Path) -> Callable[..., Run]:
    """Compiles the program for a model, unless it was for this test, and runs it."""

    def run(model: Model, *arguments: str) -> Run:
        path = tmp_path / "built" / "program"
        if not path.exists():
            host_compiler.build(*model, path.parent)
        done = subprocess.run(
            [str(path), "--simulate", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        outcome = r"injected (\w+) of (\w+), t=([\d.]+)\.\.([\d.]+) s: (.*)"
        return Run(
            done.returncode,
            done.stdout,
            done.stderr,
            "".join(re.findall(r"State: (\w)", done.stdout)),
            np.array(re.findall(r"^Real: (\S+)", done.stdout, re.MULTILINE), dtype=float),
            [
                (kind, channel, float(first), float(last), said)
                for kind, channel, first, last, said in re.findall(outcome, done.stdout)
            ],
        )

    return run


@pytest.mark.parametrize(
    ("channels", "keys", "noise"),
    [
        (1, {"gain": 10.0, "offset": 20.0, "valid": [-40.0, 125.0]}, {}),
        (2, {"rate_hz": 0.2, "use": '["value"]'}, {"common": 0.95}),
        (4, {"rate_hz": 10.0, "kind": "autoencoder"}, {"common": 0.7, "colour": 0.6}),
        (8, {"use": '["value", "jump"]'}, {"common": 0.95, "colour": 0.9}),
    ],
)
def test_a_normal_signal_is_normal(
    simulate: Callable[..., Run],
    tmp_path: Path,
    channels: int,
    keys: dict[str, object],
    noise: dict[str, float],
) -> None:
    readings = recording(LEVELS[:channels], NOISES[:channels], **noise)
    warmup_seconds = 24 / float(str(keys.get("rate_hz", 2.0)))
    model = trained(tmp_path, readings, **{"warmup_seconds": warmup_seconds, **keys})
    run = simulate(model, "normal")
    assert run.exit_code == 0
    assert re.fullmatch("W{24}N{96,}", run.states), run.said
    seconds = 2000 / model.profile.sampling.rate_hz
    run = simulate(model, "normal", "--seconds", str(seconds))
    assert re.fullmatch("W{24}N{1976}", run.states), run.said
    assert run.values.mean() == pytest.approx(LEVELS[0], abs=NOISES[0])
    assert run.values.std() == pytest.approx(NOISES[0], rel=0.25)
    assert "injected" not in run.said + run.board


def test_a_sensor_that_seldom_leaves_a_step_is_normal(
    simulate: Callable[..., Run], tmp_path: Path
) -> None:
    model = trained(tmp_path, recording([22.0], [0.15], step=0.5))
    run = simulate(model, "normal", "--seconds", "1000")
    assert re.fullmatch("W{24}N{1976}", run.states), run.said
    assert "spike of c0, t=30.000..30.000 s: found after" in simulate(model, "spike").said


def test_what_was_injected_is_told_with_what_was_found(
    simulate: Callable[..., Run], tmp_path: Path
) -> None:
    """Slow, humid and nearly at the end of what is believable; a warm-up of five minutes."""
    keys = {"rate_hz": 0.2, "valid": [0.0, 100.0], "stuck_seconds": 300, "warmup_seconds": 300}
    model = trained(tmp_path, recording([96.0], [0.4]), **keys)
    run = simulate(model, "mixed")
    assert run.exit_code == 0
    kinds = [kind for kind, *_ in run.found]
    assert kinds == ["spike", "dropout", "noise", "step"]
    for kind, channel, first, last, outcome in run.found:
        assert f"[board] inject {kind} of {channel} t={first:.3f}..{last:.3f}\n" in run.board
        assert run.states[round(first / 5) - 1] == "N", f"{kind} began before the warm-up was over"
        assert outcome.startswith("found after ")
    # Only what was meant to be a fault is one, and it is the sensor's, for as long as was said.
    kind, _, first, last, outcome = run.found[1]
    assert outcome == "found after 0.0 s, FAULT"
    assert run.states.count("F") == round((last - first) / 5) + 1
    assert run.values.min() > 0.0 and run.values.max() <= 100.0
    assert "Summary: alarms without an injection 0" in run.said


def test_a_stuck_sensor_is_stuck_until_it_shows(
    simulate: Callable[..., Run], tmp_path: Path
) -> None:
    model = trained(tmp_path, recording([55.0], [0.4]), stuck_seconds=120)
    run = simulate(model, "stuck")
    assert [(kind, outcome) for kind, *_, outcome in run.found] == [
        ("stuck", "found after 119.0 s, FAULT")
    ]


def test_channels_are_disturbed_one_at_a_time(simulate: Callable[..., Run], tmp_path: Path) -> None:
    model = trained(tmp_path, recording(LEVELS[:4], NOISES[:4], common=0.7))
    run = simulate(model, "step", "--seconds", "240")
    assert [channel for _, channel, *_ in run.found] == ["c0", "c1", "c2", "c3"]
    assert all(outcome.startswith("found after ") for *_, outcome in run.found)


def test_a_miss_is_called_a_miss(simulate: Callable[..., Run], tmp_path: Path) -> None:
    """One reading is over the threshold, two are wanted."""
    model = trained(tmp_path, recording([55.0], [0.4]), use='["value"]', alarm_count=2)
    run = simulate(model, "spike")
    assert [outcome for *_, outcome in run.found] == ["missed"]


def test_a_simulation_in_which_nothing_is_judged_fails(
    simulate: Callable[..., Run], tmp_path: Path
) -> None:
    model = trained(tmp_path, recording([55.0], [0.4]))
    model.manifest["golden"]["outputs"][0][0] += 1.0  # so that the self-test fails
    run = simulate(model, "normal")
    assert run.exit_code == 4
    assert "no sample was judged" in run.board


def test_the_demo_of_any_profile(platformio: PlatformIO, tmp_path: Path) -> None:
    model = trained(tmp_path, recording([55.0], [0.4]), rate_hz=0.2)

    def demo() -> tuple[int, str]:
        done = platformio(
            *("run", "-e", "native", "-t", "demo"),
            ANOMALY_PROFILE=tmp_path / "made.toml",
            ANOMALY_MODEL_DIR=tmp_path / "model",
            PLATFORMIO_WORKSPACE_DIR=tmp_path / "workspace",
        )
        return done.returncode, done.stdout + done.stderr

    exit_code, said = demo()
    assert exit_code == 0, said
    assert re.search(r"step of c0 .* 820\.0 s .* 845\.0 s .* found after", said), said
    assert re.search(r"readings\W+178\b", said), said  # 180 samples, 2 of them faults

    model.manifest["golden"]["outputs"][0][0] += 1.0  # so that the self-test fails
    tflite = (tmp_path / "model" / manifest.MODEL).read_bytes()
    manifest.publish(tmp_path / "model", tflite, model.manifest)
    exit_code, said = demo()
    assert exit_code != 0
    assert "no sample was judged" in said, said
