"""Frames: NumPy against C++, and a profile with frames from a recording to the report."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import framer_probe
import numpy as np
import numpy.typing as npt
import pytest

from benchmark import program
from monitor import telemetry
from project import profile as profiles
from project.errors import UserError
from project.profile import Frame, Profile
from project.profile.catalogue import FRAME_CATALOGUE
from project.profile.frame import FrameValue
from training import data, evaluation, frames, manifest, train
from training.wishes import Wishes

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")

Array = npt.NDArray[np.float64]
FAN = Path(__file__).resolve().parents[2] / "examples" / "fan.toml"
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "fan_esp32" / "fan.npz"

WHOLE = [k for k, about in FRAME_CATALOGUE.items() if not (about.spectral or about.of_vector)]


def framed(samples: int, hop: int, channels: int) -> Profile:
    """The fan's profile with such frames of all kinds, as many as there is room for."""
    values = [FrameValue(kind, channel) for channel in range(channels) for kind in WHOLE]
    profile = profiles.load(FAN)
    sensor = profile.sensor
    names = tuple(f"c{i}" for i in range(channels))
    object.__setattr__(sensor, "channels", names)
    object.__setattr__(sensor, "units", ("g",) * channels)
    object.__setattr__(profile, "frame", Frame(samples, hop, tuple(values)))
    return profile


@pytest.mark.parametrize(
    ("samples", "hop", "channels"), [(2, 1, 1), (7, 3, 2), (64, 64, 2), (200, 100, 2), (501, 17, 1)]
)
def test_numpy_and_the_firmware_see_the_same_frames(
    project: Path, tmp_path: Path, samples: int, hop: int, channels: int
) -> None:
    profile = framed(samples, hop, channels)
    random = np.random.default_rng(samples)
    kinds = [
        random.standard_normal((6000, channels)),
        np.cumsum(random.standard_normal((6000, channels)), axis=0) / 30,
        np.sign(random.standard_normal((6000, channels))),
        random.standard_normal((6000, channels)) ** 5,
        9.81 + 0.01 * random.standard_normal((6000, channels)),
    ]
    x = np.concatenate(kinds).astype(np.float32).astype(np.float64)
    assert profile.frame is not None
    rate_hz = profile.sampling.rate_hz
    got = framer_probe.run(project, tmp_path, profile.frame, rate_hz, x)
    expected = frames.compute(profile.frame, rate_hz, x)
    # A sample within the last digit of the mean may lie on either side of it.
    rate = [value.kind == "zero_crossing_rate" for value in profile.frame.values]
    one = 2 * profile.sampling.rate_hz / (samples - 1)
    assert abs(got - expected)[:, rate].max() <= one + 1e-3
    assert np.mean(abs(got - expected)[:, rate] > 1e-3) < 1e-3
    # A mean is as exact as what it is a mean of; the other values are relative to themselves, or
    # to one where they are a ratio.
    scale = np.maximum(abs(expected), [1e-3 if unit else 1.0 for unit in profile.value_units])
    for column, value in enumerate(profile.frame.values):
        if value.kind in ("mean", "minimum", "maximum"):
            scale[:, column] += frames.rms(windows(x[:, value.channel], samples, hop)[:, None], 0)
    error = (abs(got - expected) / scale)[:, ~np.array(rate)]
    assert error.max() < 1e-4


def windows(x: Array, samples: int, hop: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, samples)[::hop]


# ---- from a recording to the report


class Fan(NamedTuple):
    profile: Profile
    found: manifest.Manifest
    folder: Path
    program: Path


def turning(rows: int, seed: int, imbalance: float = 0.0) -> Array:
    """Three axes of something that turns 4 times a second [rows, 3], g."""
    random = np.random.default_rng(seed)
    time = np.arange(rows) / 200
    turn = np.sin(2 * np.pi * 4 * time)[:, None] * (0.01 + imbalance)
    return np.asarray([0.0, 0.2, 1.0] + turn + 0.005 * random.standard_normal((rows, 3)))


def write(folder: Path, name: str, profile: Profile, samples: Array) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(program.plain_text(profile, [samples]), "utf-8")
    return path


def trained(folder: Path, samples: Array, compiler: program.Compiler) -> Fan:
    profile = profiles.load(FAN)
    dataset = data.from_file(profile, write(folder, "normal", profile, samples), Wishes())
    train.publish(train.train(profile, dataset, lambda *_: None), folder / "model")
    found = manifest.load(folder / "model")
    built = compiler.build(profile, found, folder / "built")
    return Fan(profile, found, folder, built.path)


@pytest.fixture(scope="module")
def fan(tmp_path_factory: pytest.TempPathFactory, host_compiler: program.Compiler) -> Fan:
    return trained(tmp_path_factory.mktemp("fan"), turning(24_000, seed=1), host_compiler)


def replayed(fan: Fan, name: str, samples: Array) -> list[telemetry.Reading]:
    path = write(fan.folder, name, fan.profile, samples)
    command = [str(fan.program), "--replay", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    items = [telemetry.parse(line) for line in done.stdout.splitlines()]
    assert not [item for item in items if isinstance(item, telemetry.Unknown)]
    return [item for item in items if isinstance(item, telemetry.Reading)]


def states(readings: list[telemetry.Reading]) -> list[str]:
    return [reading.state.value if reading.state else "" for reading in readings]


def test_the_program_judges_a_recording_as_numpy_does(fan: Fan) -> None:
    samples = turning(6000, seed=2)
    readings = replayed(fan, "other", samples)
    assert len(readings) == 45  # one a hop of 128, the first after 256
    assert states(readings) == ["NORMAL"] * 45
    frame = fan.profile.frame
    assert frame is not None
    values = frames.compute(frame, fan.profile.sampling.rate_hz, samples)
    expected = evaluation.run(fan.profile, fan.found, values).score
    assert [float(r.score) for r in readings] == pytest.approx(expected.tolist(), abs=0.05)


def test_an_imbalance_is_found_and_named_by_a_value_of_its_frame(fan: Fan) -> None:
    good, bad = turning(4000, seed=3), turning(4000, seed=4, imbalance=0.02)
    readings = replayed(fan, "imbalance", np.concatenate([good, bad]))
    first = states(readings).index("ANOMALY")
    assert 30 <= first <= 30 + 5  # frames that have the imbalance in them begin at 30
    assert readings[first].fields["Cause"] == "band 1-5 Hz"  # it turns 4 times a second


def evaluate(fan: Fan, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", "evaluate", "--profile", str(FAN)]
    command += ["--model", str(fan.folder / "model"), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=FAN.parents[1])


def test_a_model_of_frames_is_evaluated_on_recordings(fan: Fan) -> None:
    path = write(fan.folder, "evaluated", fan.profile, turning(6000, seed=2))
    done = evaluate(fan, "--data", str(path))
    assert done.returncode == 0, done.stderr
    assert "45 frames: score median" in done.stdout
    assert "0 alarms, 0 frames in alarm" in done.stdout


def test_one_value_is_no_frame_and_neither_are_a_few_samples(fan: Fan) -> None:
    done = evaluate(fan, "--value", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "judges frames of 256 samples, and one value says nothing of them" in done.stderr
    path = write(fan.folder, "short", fan.profile, turning(150, seed=2))
    done = evaluate(fan, "--data", str(path))
    assert done.returncode == 1
    assert "no piece of it is as long as a frame" in done.stderr


def test_the_report_shows_the_values_of_frames(fan: Fan, project: Path) -> None:
    command = [project / ".venv" / "bin" / "python", "-m", "benchmark", "report"]
    command += ["--profile", FAN, "--model", fan.folder / "model"]
    command += ["--out", fan.folder / "report.html"]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=project, check=False
    )
    assert done.returncode == 0, done.stderr
    page = (fan.folder / "report.html").read_text("utf-8")
    assert "x.log_rms" in page
    assert "microseconds a sample" in page  # measured on samples, not on frames
    assert "something failed" not in page


def test_a_recording_at_another_rate_is_refused(tmp_path: Path) -> None:
    profile = profiles.load(FAN)
    path = tmp_path / "slow.csv"
    rows = "\n".join(f"{i / 100:.2f},{i % 4},{i % 5 - 2},{i % 3}" for i in range(2000))
    path.write_text(f"# interval: 0.01\ntime,x,y,z\n{rows}\n", "utf-8")
    with pytest.raises(UserError, match=r"has 100 samples a second, and the profile's frames are"):
        data.from_file(profile, path, Wishes())


@pytest.mark.skipif(not RECORDINGS.is_file(), reason="the recordings of a real fan are not here")
def test_a_coin_on_a_blade_of_a_real_fan_is_found(
    tmp_path: Path, host_compiler: program.Compiler
) -> None:
    loaded = np.load(RECORDINGS)
    normal, coin = (loaded[name].reshape(-1, 3) / 4096 for name in ("low0", "low1"))
    fan = trained(tmp_path, normal[:80_000], host_compiler)
    assert set(states(replayed(fan, "rest", normal[80_000:]))) == {"NORMAL"}
    found = states(replayed(fan, "coin", coin[:20_000]))
    assert found[0] == "NORMAL"  # two scores of two seconds
    assert set(found[1:]) == {"ANOMALY"}
