"""Recordings of other programs: understood, or refused with a sentence that names the cure."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project import profile as profiles
from project.errors import UserError
from training import plain, recordings, table
from training.recordings import Recording
from training.table import Undecided
from training.wishes import Wishes

TEMPERATURE = profiles.load(profiles.find("temperature"))
PUMP = profiles.load(profiles.find("examples/pump.toml"))
NEEDED = (
    *("Signal", "Platform", "Inputs", "Frontend", "Features", "Autoencoder"),
    *("Detector", "AnomalyDetector", "Protocol"),
)
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def read(folder: Path, content: str | bytes, **wishes: object) -> Recording:
    path = folder / "probe.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return recordings.read(path, TEMPERATURE, Wishes(**wishes))  # type: ignore[arg-type]


def refusal(folder: Path, content: str | bytes, **wishes: object) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, content, **wishes)
    message = str(caught.value)
    assert "probe.csv: " in message
    assert "\n" not in message
    return message


def rows(row: str, count: int = 60, **columns: object) -> str:
    """Lines of a file: {i} is the number of the row, {v} a value, {c} it with a decimal comma."""
    values = [20 + (7 * i % 13) / 4 for i in range(count)]
    return "".join(
        row.format(i=i, v=f"{v:.2f}", c=f"{v:.2f}".replace(".", ","), m=i % 60, h=i // 60) + "\n"
        for i, v in enumerate(values)
    )


# What FINDINGS of real files have: (name, file, seconds from row to row).
UNDERSTOOD = [
    ("seconds", "time,temperature\n" + rows("{i},{v}"), 1.0),
    ("fractions", "time,temperature\n" + rows("{i}.5,{v}"), 1.0),
    ("milliseconds", "time,temperature\n" + rows("{i}000,{v}"), 1.0),
    ("unit_in_the_name", "time_ms,temperature\n" + rows("{i}0,{v}"), 0.01),
    ("unit_in_brackets", "Time (min),temperature\n" + rows("{i},{v}"), 60.0),
    ("iso", "when,temperature\n" + rows("2025-01-01T{h:02}:{m:02}:00,{v}"), 60.0),
    ("zulu", "created_at,id,temperature\n" + rows("2025-01-01T00:{m:02}:00Z,{i},{v}"), 60.0),
    ("utc", "created_at,id,temperature\n" + rows("2025-01-01 00:{m:02}:00 UTC,{i},{v}"), 60.0),
    ("offset", "time,temperature\n" + rows("2025-01-01T00:{m:02}:00.000+01:00,{v}"), 60.0),
    ("nanoseconds", "time,temperature\n" + rows("2025-01-01T00:00:{m:02}.123456789Z,{v}"), 1.0),
    ("date_and_time", "Date,Time,temp\n" + rows("29/12/2025,00:{m:02},{v}"), 60.0),
    ("german", "Datum;Uhrzeit;Temperatur\n" + rows("29.12.2025;00:{m:02}:00;{c}"), 60.0),
    ("american", "Date Time,temp\n" + rows("05/20/14 10:{m:02}:01 AM,{v}"), 60.0),
    ("month_names", "t,temp\n" + rows("20 May 2014 10:{m:02},{v}"), 60.0),
    ("time_is_not_first", "temperature,time\n" + rows("{v},2025-01-01 00:{m:02}:00"), 60.0),
    ("epoch", "timestamp,temperature\n" + rows("17000{m:02}000,{v}"), 1000.0),
    ("epoch_milliseconds", "ts,temperature\n" + rows("17000000{m:02}000,{v}"), 1.0),
    ("headerless_epoch", rows("17000000{m:02},nan,{v},nan,0"), 1.0),
    ("headerless_tabs_commas", rows("{i},5\t{c}"), 1.0),
    ("clock_and_first_nan", "12:00:00,nan\n" + rows("12:01:{m:02},{v}"), 1.0),
    ("semicolons_quotes", '"time";"temperature"\n' + rows('"{i}";"{v}"'), 1.0),
    ("quoted_decimal_comma", 'time,temp\n' + rows('{i},"{c}"'), 1.0),
    ("blanks", rows("2025-01-01 00:{m:02}:00   {v}"), 60.0),
    ("sep_line", 'sep=,\n"time","temperature"\n' + rows('"{i}","{v}"'), 1.0),
    ("preamble", '"Plot: x"\n"#","Date, GMT+01:00","Temp, °C (S/N: 1, 2)"\n'
     + rows("{i},05/20/14 10:{m:02}:01 AM,{v}"), 60.0),
    ("units_below_the_names", "time;temp\ns;C\n" + rows("{i};{v}"), 1.0),
    ("trailing_comma", "time,temperature\n" + rows("{i},{v},"), 1.0),
    ("latin1", ("time;Temperatur °C\n" + rows("{i};{v}")).encode("latin-1"), 1.0),
    ("utf16", ("time,temperature\r\n" + rows("{i},{v}\r")).encode("utf-16"), 1.0),
    ("byte_order_mark", ("\ufefftime,temperature\n" + rows("{i},{v}")).encode(), 1.0),
    ("carriage_returns", ("time,temperature\n" + rows("{i},{v}")).replace("\n", "\r"), 1.0),
    ("comments", "# by a logger\n#x,y\ntime,temperature\n" + rows("{i},{v}"), 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("content", "interval"), [u[1:] for u in UNDERSTOOD],
                         ids=[u[0] for u in UNDERSTOOD])  # fmt: skip
def test_what_loggers_write_is_understood(
    tmp_path: Path, content: str | bytes, interval: float
) -> None:
    recording = read(tmp_path, content)
    assert recording.values[:, 0].tolist() == [20 + (7 * i % 13) / 4 for i in range(60)]
    assert recording.interval_s == pytest.approx(interval)


# (name, file, what the sentence has to say)
REFUSED = [
    ("no_times", "temperature\n" + rows("{v}"), "--interval"),
    ("seconds_or_not", "time,temperature\n" + rows("{i}0,{v}"), "seconds or milliseconds"),
    ("strange_times", "time,temperature\n" + rows("day {m}: noon,{v}"), "are not understood"),
    ("row_number_or_time", rows("{i},{v}"), "only the number of the row"),
    ("day_or_month_first", "t,temp\n01/02/2025,1.5\n02/02/2025,2.5\n", "the day first"),
    ("coarse_clock", "t,temp\n" + "2025-01-01 00:00:01,20\n2025-01-01 00:00:01,21\n" * 9, "coarse"),
    ("uneven", "time,temp\n" + "".join(f"{i * i}.5,{i % 7}\n" for i in range(60)), "--resample"),
    ("decimal_comma_alone", rows("{c}"), "say which with --decimal , or --decimal ."),
    ("decimal_comma_in_commas", "time,temp\n" + rows("{i},{c}"), "semicolons"),
    ("groups_or_decimals", "time;temp\n" + rows("{i};1,101"), "groups of three"),
    ("two_candidates", "time,inside,outside\n" + rows("{i},{v},1{v}"), "inside, outside"),
    ("apostrophes", "time;temp\n" + rows("{i};'-{v}"), "60 of 60 rows"),
    ("adc_counts", "time,value\n" + rows("{i},1493"), "out of range, first in line 2: 1493"),
    ("stuck", "time,value\n" + rows("{i},24.0", 400), "stuck at one value"),
    ("long_format", ",table,_time,_value,_field\n" + rows(",0,2025-01-01T00:{m:02}:00Z,{v},a")
     + rows(",1,2025-01-01T00:{m:02}:00Z,{v},b"), "one under the other (a, b)"),
    ("short_header", "time,temp\n" + rows("{i},{v},1,2"), "the header names 2 columns"),
    ("empty", "", "holds no rows"),
    ("comments_only", "# only\n", "holds no rows"),
    ("header_only", "time,temperature\n", "holds no usable row"),
    ("words", "time,value\nx,y\nz,w\n", "holds no usable row"),
    ("binary", b"\x00\x01\x02\xff" * 99, "is not a text file"),
    ("excel", b"PK\x03\x04rest", "save the sheet as CSV"),
    ("json", '[{"t": 1}]', "looks like JSON"),
    ("web_page", "<!DOCTYPE html>\n<html>", "is a web page"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "part"), [r[1:] for r in REFUSED],
                         ids=[r[0] for r in REFUSED])  # fmt: skip
def test_what_cannot_be_decided_is_refused_with_the_cure(
    tmp_path: Path, content: str | bytes, part: str
) -> None:
    assert part in refusal(tmp_path, content)


def test_what_is_asked_for_can_be_said(tmp_path: Path) -> None:
    assert read(tmp_path, "temperature\n" + rows("{v}"), interval_s=5.0).interval_s == 5
    comma = read(tmp_path, rows("{c}"), decimal=",", interval_s=1.0)
    assert comma.values[1, 0] == 21.75
    two = read(tmp_path, "time,inside,outside\n" + rows("{i},{v},1{v}"), columns=("outside",))
    assert two.values[0, 0] == 120
    assert read(tmp_path, rows("{i},{v}"), columns=("2",), interval_s=2.0).interval_s == 2
    coarse = "t,temp\n" + "2025-01-01 00:00:01,20\n2025-01-01 00:00:01,21\n" * 30
    assert read(tmp_path, coarse, interval_s=0.5).interval_s == 0.5
    uneven = "time,temp\n" + "".join(f"{i + i % 3 / 2},{20 + i % 7}\n" for i in range(400))
    assert read(tmp_path, uneven, resample_s=5.0).interval_s == 5
    message = refusal(tmp_path, "time,temp\n" + rows("{i},{v}"), interval_s=5.0)
    assert "a row every 1 s, not 5" in message


def test_a_hole_and_a_row_that_is_left_out_end_a_piece(tmp_path: Path) -> None:
    lines = rows("{i},{v}", 300).splitlines()
    lines[50] = "50,nan"
    lines[100] = "100,-127"
    del lines[200:220]
    lines.insert(250, "time,temperature")
    lines[270] = lines[270] + ",7"
    recording = read(tmp_path, "\n".join(["time,temperature", *lines]))
    assert [len(piece) for piece in recording.pieces] == [50, 49, 99, 69, 10]
    assert recording.left_out == {
        "header again": 1,
        "not a row": 1,
        "not a number": 1,
        "out of range": 1,
    }
    assert [bad.line for bad in recording.malformed] == [52, 102, 252, 272]
    assert recording.sentence() == (
        "277 rows, 4.98 min, every 1 s, 4 gaps, 4 rows left out: 1 header again, 1 not a row, "
        "1 not a number, 1 out of range"
    )


def test_a_clock_of_whole_seconds_leaves_no_holes(tmp_path: Path) -> None:
    """A row every 1.05 s and a clock that shows whole seconds, as in SKAB."""
    lines = [f"2020-03-09 10:{s // 60:02}:{s % 60:02}" for s in (int(1.05 * i) for i in range(900))]
    text = "time;temp\n" + "".join(f"{t};{20 + i % 7}\n" for i, t in enumerate(lines))
    recording = read(tmp_path, text)
    assert recording.gaps == 0
    assert recording.interval_s == pytest.approx(1.05, abs=0.002)
    plain = tmp_path / "plain.csv"
    recordings.write_plain(recording, TEMPERATURE, plain)
    assert recordings.read(plain, TEMPERATURE).gaps == 0


def test_rows_are_put_in_order_and_it_is_said(tmp_path: Path) -> None:
    lines = rows("{i},{v}").splitlines()
    straight = read(tmp_path, "\n".join(["time,temp", *lines]))
    turned = read(tmp_path, "\n".join(["time,temp", *lines[::-1]]))
    shuffled = read(tmp_path, "\n".join(["time,temp", *lines[30:], *lines[:30]]))
    assert np.array_equal(straight.values, turned.values)
    assert np.array_equal(straight.values, shuffled.values)
    assert turned.notes[0] == "newest row first: turned round"
    assert shuffled.notes[0] == "out of order in 1 place: sorted by time"
    again = read(tmp_path, "\n".join(["time,temp", *lines, lines[-1]]))
    assert again.left_out == {"with the time of the row before": 1}


def test_a_logger_that_starts_again_begins_a_piece(tmp_path: Path) -> None:
    text = "time,temp\n" + rows("{i},{v}") + rows("{i},{v}")
    assert [len(piece) for piece in read(tmp_path, text).pieces] == [60, 60]


def test_another_interval_than_the_profiles_is_said(tmp_path: Path) -> None:
    slow = read(tmp_path, "time_s,temp\n" + rows("{i}0,{v}"))
    assert "at its own pace" in " ".join(slow.notes)
    fast = read(tmp_path, "time_s,temp\n" + rows("0.{m:02},{v}"))
    assert "--resample 0.5" in " ".join(fast.notes)
    assert len(read(tmp_path, "time_s,temp\n" + rows("{i}.0,{v}"), resample_s=2.0).values) == 30


def test_channels_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "pump.csv"
    names = [*PUMP.sensor.channels][::-1]
    lines = [";".join(f"{k}.{i}" for k in range(8)) for i in range(60)]
    dated = [f"2020-03-09 10:{i:02}:00;{line}" for i, line in enumerate(lines)]
    path.write_text("\n".join([";".join(["datetime", *names]), *dated]))
    recording = recordings.read(path, PUMP)
    assert recording.values[0].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    path.write_text(path.read_text().replace("Current", "Strom"))
    with pytest.raises(Undecided, match="has no column Current"):
        recordings.read(path, PUMP)


def test_import_says_what_it_understood_and_writes_it(tmp_path: Path, project: Path) -> None:
    source, plain = tmp_path / "кухня.csv", tmp_path / "plain.csv"
    text = "Zeit;Küche\n" + rows("01.10.2025 08:{m:02}:00;{c}")
    source.write_text(text, encoding="utf-8")

    def training_import(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "training", "import", *map(str, arguments)]
        return subprocess.run(
            command, cwd=project, capture_output=True, text=True, encoding="utf-8"
        )

    done = training_import(source, "--out", plain, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "rows": 60,
        "interval_s": 60.0,
        "first": "2025-10-01T08:00:00",
        "last": "2025-10-01T08:59:00",
        "gaps": 0,
        "left_out": {},
        "columns": {"temperature": "Küche"},
    }
    assert plain.read_text(encoding="utf-8").splitlines()[:7] == [
        "# imported: кухня.csv",
        "# profile: temperature",
        "# recorded: 2025-10-01T08:00:00",
        "# interval: 60",
        "time,temperature",
        "0.000,20",
        "60.000,21.75",
    ]
    said = training_import(plain)
    assert "60 rows, 1 Oct 2025 08:00 to 08:59, every 60 s" in said.stdout
    refused = training_import(tmp_path / "none.csv")
    assert refused.returncode == 3
    assert "none.csv: cannot be read" in refused.stderr
    assert refused.stderr.count("\n") == 1


CELL = st.sampled_from(["20", "21.5", "-3e1", "1e2", "nan", "", "x", "200", '"22"', "1 2", "0x10"])
STEP = st.sampled_from([1, 1, 1, 1, 1, 1, 2, 50, 0, -5])


@given(cells=st.lists(st.tuples(CELL, STEP), min_size=0, max_size=40), end=st.sampled_from("\n\r"))
@settings(deadline=None, max_examples=300)
def test_any_table_becomes_pieces_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, int]], end: str
) -> None:
    time, lines = 0, ["time,temperature"]
    for cell, step in [("20", 1), ("21", 1)] * 60 + cells:
        time += step
        lines.append(f"{time},{cell}")
    folder = tmp_path_factory.getbasetemp()
    try:
        recording = read(folder, end.join(lines))
    except UserError as error:
        assert "\n" not in str(error)
        return
    assert np.isfinite(recording.values).all()
    assert len(recording.values) + sum(recording.left_out.values()) == len(lines) - 1
    assert recording.micros is not None
    for times in np.split(recording.micros, recording.starts[1:]):
        steps = np.diff(times)
        assert np.all((steps > 0) & (steps <= 1_500_000))
    plain = folder / "plain.csv"
    recordings.write_plain(recording, TEMPERATURE, plain)
    again = recordings.read(plain, TEMPERATURE)
    assert np.array_equal(again.values, recording.values)
    assert again.starts == recording.starts
    assert again.left_out == {}


# Reads recordings as the host program does: each row's bits, and "g" where a piece begins.
READER = """
#include <cstdio>
#include <cstring>
#include "RecordedInput.h"
using namespace anomaly;
int main(int argc, char** argv) {
  const char* const names[] = {"a", "b"};
  for (int i = 1; i < argc; ++i) {
    RecordedInput recording;
    const char* error = recording.Open(argv[i], nullptr, names, 2, 1000000);
    std::printf("%s\\n", *error == '\\0' ? "ok" : error);
    while (!recording.Done()) {
      const HostSample sample = recording.Next();
      uint32_t bits[2];
      std::memcpy(bits, sample.values, sizeof(bits));
      std::printf("%08x %08x%s\\n", bits[0], bits[1], sample.after_gap ? " g" : "");
    }
    if (recording.malformed_rows() > 0) std::printf("malformed\\n");
  }
}
"""
TABLES = int(os.environ.get("ANOMALY_TABLES", "100"))


def random_table(random: np.random.Generator) -> str:
    """Two channels as some logger may have written them, with what goes wrong now and then."""
    count = int(random.integers(2, 60))
    interval = random.choice([1.0, 0.5, 0.02, 10.0, 3600.0])
    steps = np.ones(count) + random.normal(0, 0.05, count) * (random.random() < 0.3)
    steps[random.random(count) < 0.05] = random.choice([2, 7, 1000])
    seconds = 1e5 + np.cumsum(steps) * interval
    values = 20 * random.standard_normal((count, 2)).cumsum(axis=0)
    comma = random.random() < 0.3
    written = str(random.choice(["epoch", "iso", "seconds"]))
    lines = []
    for time, row in zip(seconds, values, strict=True):
        cells = [f"{v:.{random.integers(2, 7)}g}" for v in row]
        cells = ["nan" if random.random() < 0.01 else cell for cell in cells]
        stamp = {
            "epoch": f"{1.7e9 + time:.3f}",
            "iso": f"{datetime.fromtimestamp(1.7e9 + time, UTC):%Y-%m-%dT%H:%M:%S.%f}",
            "seconds": f"{time:.6f}",
        }[written]
        cells = [stamp, *cells]
        if comma:
            cells = [cell.replace(".", ",") if cell != stamp else cell for cell in cells]
            cells[0] = stamp if written == "iso" else stamp.replace(".", ",")
        lines.append((";" if comma else ",").join(cells))
    header = (";" if comma else ",").join(["time_s" if written == "seconds" else "time", "a", "b"])
    return "\n".join([header, *lines, ""])


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_program_and_training_read_what_import_writes_row_for_row(
    tmp_path: Path, project: Path
) -> None:
    """ANOMALY_TABLES says how many random tables; 100 in an ordinary run."""
    sensor = dataclasses.replace(
        TEMPERATURE.sensor,
        channels=("a", "b"),
        units=("C", "C"),
        valid=(-1e6, 1e6),
        stuck_seconds=0,
    )
    profile = dataclasses.replace(
        TEMPERATURE, sensor=sensor, sampling=dataclasses.replace(TEMPERATURE.sampling, rate_hz=1.0)
    )
    random = np.random.default_rng(7)
    source, written = tmp_path / "source.csv", []
    expected: list[str] = []
    for number in range(TABLES):
        source.write_text(random_table(random))
        try:
            recording = recordings.read(source, profile)
        except UserError:
            continue
        written_file = tmp_path / f"{number}.csv"
        recordings.write_plain(recording, profile, written_file)
        again = recordings.read(written_file, profile)
        assert np.array_equal(again.values, recording.values)
        assert again.starts == recording.starts
        assert again.interval_s == recording.interval_s
        written.append(written_file)
        expected.append("ok")
        for row, bits in enumerate(again.values.astype(np.float32).view(np.uint32).tolist()):
            gap = " g" if row and row in again.starts else ""
            expected.append(f"{bits[0]:08x} {bits[1]:08x}{gap}")
    assert len(written) > 0.7 * TABLES
    code = tmp_path / "reader.cpp"
    code.write_text(READER)
    folders = [project / "lib" / name / "src" for name in ("Host", *NEEDED)]
    command = ["g++", "-std=c++17", "-O1", *[f"-I{folder}" for folder in folders], str(code)]
    command += [str(folders[0] / "RecordedInput.cpp"), "-o", str(tmp_path / "reader")]
    subprocess.run(command, check=True)
    found: list[str] = []
    for begin in range(0, len(written), 500):
        part = [tmp_path / "reader", *written[begin : begin + 500]]
        found += subprocess.run(part, capture_output=True, text=True, check=True).stdout.split("\n")
        found.pop()
    assert found == expected


PLAIN = "# recorded: 2020-01-01T00:00:00Z\n# interval: 0.5\ntime,a\n0.000,1\n0.500,-2.5e-07\n"


def test_the_fast_way_to_read_the_plain_form_comes_to_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    path = tmp_path / "plain.csv"
    values = random.standard_normal((3000, 3)) * 10.0 ** random.integers(-12, 12, (3000, 3))
    rows = (
        f"{n * 0.001:.3f}," + ",".join(f"{v:.{random.integers(1, 17)}g}" for v in row)
        for n, row in enumerate(values.tolist())
    )
    path.write_text("# interval: 0.001\n# café: 1\ntime,a,b,c\n" + "\n".join(rows) + "\n", "utf-8")
    for wanted in ((0, None), (0, 17), (100, 2000), (2999, None)):
        fast, slow = plain.read(path, wanted), table.read(path, None, wanted)
        assert fast is not None
        assert (fast.layout, fast.head) == (slow.layout, slow.head)
        assert (fast.lines.tolist(), fast.ordinals.tolist()) == (
            slow.lines.tolist(),
            slow.ordinals.tolist(),
        )
        for column in range(4):
            assert np.array_equal(fast.numbers(column), slow.numbers(column))
            assert fast.texts(column, [3, 5]) == slow.texts(column, [3, 5])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("1\n", "1\n\n"),
        ("1\n", "1\n# a word\n"),
        ("1\n", "nan\n"),
        ("1\n", "\n"),
        ("1\n", "1,2\n"),
        ("1\n", '"1"\n'),
        ("1\n", "0x1\n"),
        ("1\n", "1e400\n"),
        ("0.000", "0"),
        ("0.000", " 0.000"),
        ("e-07\n", "e-07"),
        ("time,a", "time,1"),
        ("# interval", "# other"),
        ("time", "when"),
    ],
)
def test_what_is_not_quite_plain_is_read_the_slow_way(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "plain.csv"
    path.write_bytes(
        PLAIN.replace(old, new, 1).replace("# recorded: 2020-01-01T00:00:00Z\n", "").encode()
    )
    assert plain.read(path, (0, None)) is None
    path.write_text(PLAIN, "utf-8", newline="\n")
    assert plain.read(path, (0, None)) is not None


@given(content=st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_numbers_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    try:
        values = read(tmp_path_factory.getbasetemp(), content, interval_s=1.0).values
    except UserError as error:
        assert str(error)
        return
    assert np.isfinite(values).all()


# The files of the findings: rows, seconds from row to row and rows left out, or what is said.
EXPECTED: dict[str, tuple[int, float, int] | str] = {
    "adc_counts": "out of range, first in line 2: 1493",
    "cr_only": (200, 1, 0),
    "date_and_time_columns": (800, 60, 0),
    "decimal_comma_one_column": "--decimal",
    "ds18b20_85_and_minus127": (1193, 0.5, 7),
    "ds18b20_clean": (1200, 0.5, 0),
    "ds18b20_ten_percent_minus127": "147 of 1,200 rows cannot be used",
    "epoch_seconds_timestamp": (800, 60, 0),
    "gap_of_a_week": (800, 60, 0),
    "half_malformed_apostrophe": "611 of 1,200 rows cannot be used",
    "header_decimal_comma": "semicolons",
    "headerless_epoch_nan_columns": (600, 60, 0),
    "iso_first": (800, 60, 0),
    "latin1_header": (200, 1, 0),
    "long_format_two_series": "one under the other (humidity, temperature)",
    "nan_first_row_clock": (200, 1, 1),
    "nearly_constant": "stuck at one value",
    "one_repeated_header": (800, 60, 1),
    "preamble_quoted_comma": (200, 1, 0),
    "sep_line": (200, 1, 0),
    "tab_decimal_comma_noheader": (200, 0.5, 0),
    "thousands": "out of range, first in line 2: 1101.42",
    "time_in_milliseconds": (400, 0.5, 0),
    "trailing_comma": (200, 1, 0),
    "utc_suffix": (800, 60, 0),
    "utf16_powershell": (200, 1, 0),
    "кухня": (800, 60, 0),
}


@pytest.mark.skipif(not CASES.is_dir(), reason="the files are not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_the_files_of_the_findings(name: str) -> None:
    expected = EXPECTED[name]
    try:
        recording = recordings.read(CASES / f"{name}.csv", TEMPERATURE)
    except UserError as error:
        assert isinstance(expected, str), error
        assert expected in str(error)
        return
    left_out = sum(recording.left_out.values())
    assert (len(recording.values), recording.interval_s, left_out) == expected


@pytest.mark.skipif(not CASES.is_dir(), reason="the files are not here")
def test_every_file_of_the_findings_is_expected() -> None:
    assert {path.stem for path in CASES.glob("*.csv")} <= set(EXPECTED)
