"""The benchmark of accelerometers and microphones: which data are which, and what is counted."""

import json
import wave
from pathlib import Path

import in_process
import numpy as np
import numpy.typing as npt
import pytest

from benchmark import __main__ as benchmark
from benchmark import sensor_sets, sensors, tables, variants
from benchmark.sensor_sets import Fold, Set
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT

Array = npt.NDArray[np.float64]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SILENT = lambda done, total: None  # noqa: E731


def turning(seconds: int, seed: int, imbalance: float = 0.0) -> Array:
    """Three axes of a fan at 200 Hz [rows, 3], in g."""
    random = np.random.default_rng(seed)
    time = np.arange(200 * seconds) / 200
    turn = np.sin(2 * np.pi * 4 * time)[:, None] * (0.01 + imbalance)
    return np.asarray([0.0, 0.2, 1.0] + turn + 0.005 * random.standard_normal((len(time), 3)))


def folder_of_a_fan(folder: Path) -> Path:
    (folder / "fan_esp32").mkdir(parents=True)

    def counts(x: Array) -> npt.NDArray[np.int16]:
        return np.round(x * 4096).astype(np.int16).reshape(-1, 200, 3)

    np.savez(
        folder / "fan_esp32" / "fan.npz",
        middle0=counts(turning(240, 1)),
        middle1=counts(turning(60, 2, 0.02)),
        off=counts(turning(20, 3)),
    )
    return folder


def test_auc_is_how_often_an_anomaly_is_higher() -> None:
    assert sensors.auc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert sensors.auc(np.array([0.0, 2.0]), np.array([1.0])) == 0.5
    assert sensors.auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_names_say_what_is_normal(tmp_path: Path) -> None:
    folder = folder_of_a_fan(tmp_path)
    (folder / "motion").mkdir()
    random = np.random.default_rng(4)
    names = ("train_idle", "train_fall", "test_idle", "test_fall", "test_twist")
    windows = {name: random.integers(-9, 9, (10, 62, 3)) for name in names}
    np.savez(folder / "motion" / "motion.npz", allow_pickle=False, **windows)
    (folder / "esc10_16k").mkdir()
    for name in ("rain_1", "rain_2", "dog_1"):
        with wave.open(str(folder / "esc10_16k" / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(random.integers(-999, 999, 800).astype("<i2").tobytes())
    sets = {one.name: one for one in sensor_sets.read(folder)}
    assert set(sets) == {"fan_middle", "motion_fall", "motion_twist", "esc10_rain_dog"}
    (fan,) = sets["fan_middle"].folds
    assert len(fan.train[0]) == len(fan.normal[0]) == 24000 and len(fan.anomalies[0]) == 12000
    (twist,) = sets["motion_twist"].folds
    assert len(twist.normal) == 10 and np.array_equal(
        twist.normal[0], windows["test_idle"][0] / 1e3
    )
    (rain,) = sets["esc10_rain_dog"].folds
    assert rain.train[0].shape == (800, 1) and len(rain.normal) == len(rain.anomalies) == 2


def test_a_folder_without_data_and_an_unknown_name_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds none of fan_esp32"):
        sensor_sets.read(tmp_path)
    (tmp_path / "motion").mkdir()
    (tmp_path / "motion" / "motion.npz").write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"motion\.npz: cannot be read"):
        sensor_sets.read(tmp_path)
    with pytest.raises(UserError, match="--detector ouija: is none of int8, float32"):
        variants.among(sensors.NAMES, ["ouija"], "--detector")
    done = in_process.run(
        benchmark.main, "sensors", "--data", folder_of_a_fan(tmp_path / "x"), "--sets", "fan_fast"
    )
    assert done.returncode == 1 and "--sets fan_fast: is none of fan_middle" in done.stderr


def test_from_recordings_to_a_table(tmp_path: Path) -> None:
    names = ["int8", "mahalanobis", "pca", "spectral_kmeans"]
    result = sensors.run(sensor_sets.read(folder_of_a_fan(tmp_path)), names, SILENT)
    found = json.loads(json.dumps(result))["fan_middle"]
    assert found["auc"] > 0.99 and found["detected"] > 0.9
    assert found["false_alarms_per_hour"] == 0
    assert list(found["detectors"]) == names
    assert found["detectors"]["spectral_kmeans"]["auc"] > 0.9
    for style in (tables.text, tables.markdown):
        text = tables.sensors(result, style)
        assert "fan_middle" in text and "1.000" in text


def test_a_mount_that_moved_is_learnt(tmp_path: Path) -> None:
    (tmp_path / "fan_esp32").mkdir()
    random = np.random.default_rng(5)

    def counts(x: Array) -> npt.NDArray[np.int16]:
        return np.round(x * 4096).astype(np.int16).reshape(-1, 200, 3)

    moved = [turning(80, 6), turning(40, 7) * 1.5, turning(40, 8) + np.array([0.1, 0.0, 0.0])]
    np.savez(
        tmp_path / "fan_esp32" / "fan.npz",
        slow0=counts(turning(120, 1)),
        slow0m=counts(np.concatenate(moved)),
        slow1=counts(turning(60, 2, 0.02)),
        fast0=counts(turning(120, 3) + 0.02 * random.standard_normal((24000, 3))),
    )
    sets = {one.name: one for one in sensor_sets.read(tmp_path)}
    assert set(sets) == {"fan_slow", "fan_slow_learnt", "fan_slow_moved"}
    (fold,) = sets["fan_slow_moved"].folds
    assert fold.learn is not None and len(fold.learn) == 60 * 200
    lengths = [len(part) // 200 for part in fold.normal]
    assert len(lengths) == 3 and sum(lengths) >= 94 and not fold.anomalies
    found = sensors.run([sets["fan_slow_learnt"], sets["fan_slow_moved"]], ["int8", "pca"], SILENT)
    assert found["fan_slow_learnt"]["auc"] > 0.99
    assert found["fan_slow_learnt"]["false_alarms_per_hour"] == 0
    assert found["fan_slow_moved"]["auc"] is None
    text = tables.sensors(found, tables.text)
    assert "fan_slow_moved" in text and "None" not in text


def test_alarms_are_counted_when_they_begin_and_clips_count_once() -> None:
    one = Set("x", "examples/fan.toml", (Fold([], [], []),), by_clip=True)
    profile = profiles.load(PROJECT / one.profile)
    part = sensors.Scored(
        normal=[np.array([0.1, 0.2]), np.array([0.3, 1.5])],
        anomalies=[np.array([0.1, 2.0]), np.array([1.2, 0.1])],
        normal_alarms=[np.array([False, True, True, False, True]), np.array([True])],
        anomaly_alarms=[np.array([False, True]), np.array([False, False])],
    )
    found = sensors._report(one, profile, "int8", part)
    assert found["auc"] == 0.75 and found["detected"] == 0.5
    assert found["false_alarms"] == 3
    assert found["hours"] == pytest.approx(6 * 0.64 / 3600)


@pytest.mark.skipif(not (SHARED / "motion").is_dir(), reason="no recordings here")
def test_falls_of_a_phone_are_told_from_rest() -> None:
    sets = [one for one in sensor_sets.read(SHARED) if one.name == "motion_fall"]
    found = sensors.run(sets, ["mahalanobis"], SILENT)["motion_fall"]
    assert found["detectors"]["mahalanobis"]["auc"] > 0.99
    assert found["detectors"]["mahalanobis"]["detected"] > 0.99
