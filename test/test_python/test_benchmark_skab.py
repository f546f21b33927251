"""The pump: the benchmark's counting, and a profile of eight channels from CSV to `Cause`."""

import csv
import re
import shutil
import subprocess
from pathlib import Path

import in_process
import numpy as np
import pytest

from benchmark import program, skab
from monitor.telemetry import Answer, Reading, parse
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from training import __main__ as training
from training import manifest, recordings

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "skab"
PUMP = profiles.load(PROJECT / "examples" / "pump.toml")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")


def write(path: Path, shift: float = 30.0, rows: int = 700) -> Path:
    """A pump whose pressure jumps in the last 200 rows."""
    values = np.random.default_rng(1).standard_normal((rows, 8))
    labels = np.arange(rows) >= rows - 200
    values[:, 3] += shift * labels
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["datetime", *PUMP.sensor.channels, "anomaly", "changepoint"])
        for row, label in zip(values.tolist(), labels.tolist(), strict=True):
            writer.writerow(["2020-03-09 10:14:33", *row, float(label), 0.0])
    return path


def test_a_jump_is_found_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "valve1" / "0.csv")
    files = skab.read(tmp_path, PUMP)
    names = ["mahalanobis", "three_sigma", "pca"]
    found = skab.run(PUMP, names, files, lambda done, total: None)
    for name in names:
        assert found[name]["f1"] > 0.9 and found[name]["mar"] < 0.1, name
    assert found["three_sigma"]["margin"] == 1.0


def test_the_margin_sees_no_row_after_the_training_rows(tmp_path: Path) -> None:
    names = ["mahalanobis", "pca"]
    calm = skab.read(write(tmp_path / "a" / "0.csv", shift=0.0).parent, PUMP)
    wild = skab.read(write(tmp_path / "b" / "0.csv", shift=99.0).parent, PUMP)
    first, second = (skab.run(PUMP, names, f, lambda done, total: None) for f in (calm, wild))
    assert [first[n]["margin"] for n in names] == [second[n]["margin"] for n in names]


def test_a_malformed_row_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "0.csv")
    path.write_text(path.read_text().replace("2020-03-09 10:14:33;", "x;y;", 1))
    with pytest.raises(UserError, match=r"0\.csv: line 2 is malformed"):
        skab.read(tmp_path, PUMP)
    with pytest.raises(UserError, match="no CSV file"):
        skab.read(tmp_path / "empty", PUMP)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"\xff\xfe;\x00", "is not a text file"),
        (b"datetime;anomaly\n", "has no column Accelerometer1RMS"),
        (";".join(PUMP.sensor.channels).encode() + b"\n" + b"1;" * 7 + b"nan\n", "line 2 is"),
        (";".join(PUMP.sensor.channels).encode() + b"\n" + b"1;" * 7 + b"1\n", "1 rows are too"),
    ],
)
def test_a_file_that_is_no_recording_is_one_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "0.csv").write_bytes(content)
    with pytest.raises(UserError, match=rf"0\.csv: {message}"):
        skab.read(tmp_path, PUMP)


@needs_data
def test_the_detector_without_a_network_on_the_real_pump() -> None:
    files = skab.read(DATA, PUMP)
    found = skab.run(PUMP, ["mahalanobis"], files, lambda done, total: None)["mahalanobis"]
    assert found["f1"] >= 0.83


@needs_data
@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_eight_channels_from_a_recording_to_a_cause(
    tmp_path: Path, host_compiler: program.Compiler
) -> None:
    recording = DATA / "valve1" / "0.csv"
    command = ["train", "--profile", str(PROJECT / "examples" / "pump.toml")]
    command += ["--data", str(recording), "--rows", "0:400", "--out", str(tmp_path / "pump")]
    for channel in PUMP.sensor.channels:
        command += ["--column", channel]
    done = in_process.run(training.main, *command)
    assert done.returncode == 0, done.stderr
    plain = tmp_path / "plain.csv"
    recordings.write_plain(recordings.read(recording, PUMP), PUMP, plain)
    built = host_compiler.build(PUMP, manifest.load(tmp_path / "pump"), tmp_path / "program")
    said = subprocess.run(
        [str(built.path), "--replay", str(plain)],
        input="channels on\nmodel\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "SELFTEST OK" in said
    readings = [line for line in said.splitlines() if line.startswith("Real: ")]
    assert len(readings) == len(skab.read_file(recording, PUMP.sensor.channels).values)
    last = parse(readings[-1])
    assert isinstance(last, Reading)
    assert [last.fields["Channels"], *last.channels] == ["8", *PUMP.sensor.channels[1:]]
    current = last.channels["Current"]
    assert current.expected == pytest.approx(current.value, abs=5)
    answers = [item for item in map(parse, said.splitlines()) if isinstance(item, Answer)]
    said_of_channels = answers[-1].pairs()
    assert said_of_channels["channel_names"].split(",") == list(PUMP.sensor.channels)
    assert said_of_channels["channel_units"].split(",") == list(PUMP.sensor.units)
    causes = set(re.findall(r"Cause: (.*?) \|", said))
    assert causes and causes <= set(PUMP.sensor.channels)
