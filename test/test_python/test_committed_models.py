"""The committed models belong to the committed profiles, and say what is true about themselves."""

from pathlib import Path

import numpy as np
import pytest

from project import profile as profiles
from project.paths import PROJECT
from training import evaluation, fingerprint, interpreter, layers, manifest

NAMES = sorted(path.stem for path in (PROJECT / "profiles").glob("*.toml"))
WITH_NETWORK = [name for name in NAMES if profiles.load(profiles.find(name)).has_network]


@pytest.mark.parametrize("name", NAMES)
def test_fingerprint_of_profile_generator_and_code(name: str, project: Path) -> None:
    profile = profiles.load(profiles.find(name))
    found = manifest.load(project / "models" / name)
    assert found["profile"] == name
    assert found["data"]["kind"] == "synthetic"
    assert found["fingerprint"] == fingerprint.compute(profile, ["synthetic"]), (
        f"train and commit: ./piow train --profile {name} --out models/{name}"
    )


@pytest.mark.parametrize("name", WITH_NETWORK)
def test_golden_vectors_are_what_the_interpreter_gives(name: str, project: Path) -> None:
    folder = project / "models" / name
    found = manifest.load(folder)
    tflite = (folder / manifest.MODEL).read_bytes()
    golden = found["golden"]
    inputs = np.asarray(golden["inputs"], np.float32)
    expected = np.asarray(golden["outputs"], np.float32)
    assert len(inputs) == 16
    q = found["quantization"]
    if q is None:
        assert np.allclose(interpreter.invoke(tflite, inputs), expected, atol=1e-6)
        return
    codes = layers.quantize(inputs, q["input_scale"], q["input_zero_point"])
    exact = layers.dequantize(codes, q["input_scale"], q["input_zero_point"])
    assert np.array_equal(exact, inputs)
    outputs = interpreter.invoke(tflite, codes)
    assert np.array_equal(
        layers.dequantize(outputs, q["output_scale"], q["output_zero_point"]), expected
    )


@pytest.mark.parametrize("name", WITH_NETWORK)
def test_sizes(name: str, project: Path) -> None:
    folder = project / "models" / name
    model = manifest.load(folder)["model"]
    assert model["bytes"] == (folder / manifest.MODEL).stat().st_size <= 4096
    assert model["arena"]["chip_size_bytes"] <= (2304 if name == "microphone" else 1536)
    assert model["arena"]["chip_need_bytes"] < model["arena"]["host_need_bytes"]


def test_a_profile_without_a_network_needs_no_model(project: Path) -> None:
    found = manifest.load(project / "models" / "logger")
    assert found["model"]["bytes"] == 0
    assert found["pipeline"]["slow"]["frame_us"] == 300_000_003


def test_lesson_shows_what_the_tutorial_shows(project: Path) -> None:
    """50 C is an anomaly; and the spike of the tutorial's own example, 30 C, is not seen."""
    profile = profiles.load(profiles.find("lesson"))
    found = manifest.load(project / "models" / "lesson")
    samples = np.array([[25.0], [30.0], [50.0], [25.0]])
    result = evaluation.run(profile, found, samples)
    assert result.alarm.tolist() == [False, False, True, False]
    assert result.score[2] > 0.15 > result.score[1] > result.score[0]
    assert result.expected[0] == pytest.approx(25, abs=0.5)


def test_temperature_sees_the_spike_and_settles(project: Path) -> None:
    profile = profiles.load(profiles.find("temperature"))
    found = manifest.load(project / "models" / "temperature")
    random = np.random.default_rng(1)
    samples = 25 + random.normal(0, 0.08, (400, 1))
    assert not evaluation.run(profile, found, samples).alarm.any()
    samples[200:204] = 30
    intervals = evaluation.run(profile, found, samples).intervals()
    assert len(intervals) == 1
    assert 200 <= intervals[0][0] <= 202
    # Settled within a minute: the means of `band` remember two seconds of 60 sigma for so long.
    assert intervals[0][1] < 320
