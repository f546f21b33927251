"""Recordings as people have them, and what is said about those that cannot be used."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import data, profiles
from training.errors import UserError

ONE = ("temperature",)
LESSON = profiles.load(profiles.find("lesson"))
TEMPERATURE = profiles.load(profiles.find("temperature"))


def read(folder: Path, content: str | bytes, *arguments: object) -> data.Recording:
    path = folder / "probe.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    channels = arguments[0] if arguments else ONE
    return data.read_csv(path, channels, *arguments[1:])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        "20.5\n21\n-3e1\n",
        "time,temperature\n0,20.5\n1,21\n2,-3e1\n",
        "time;temperature\n0;20.5\n1;21\n2;-3e1\n",
        "0,20.5\n1,21\n2,-3e1\n",
        "# a board\n\nvalue\n20.5\n# between\n21\n-3e1",
        "timestamp,value\r\n2013-07-04 00:00:00,20.5\r\n2013-07-04 01:00:00,21\r\n"
        "2013-07-04 02:00:00,-3e1\r\n",
        "2013-07-04T00:00:00, 20.5\n2013-07-04T01:00:00, 21\n2013-07-04T02:00:00, -3e1\n",
        "\ufefftime,celsius\n0,20.5\n1,21\n2,-3e1\n",
        'time,"temperature",other\n0,"20.5",1\n1,21,1\n2,-3e1,1\n',
    ],
)
def test_with_or_without_header_times_and_comments(tmp_path: Path, content: str) -> None:
    recording = read(tmp_path, content)
    assert recording.values[:, 0].tolist() == [20.5, 21, -30]
    assert recording.malformed == []


def test_a_malformed_row_is_left_out_and_named_by_its_line(tmp_path: Path) -> None:
    rows = ["t,value", "0,20", "1,", "2,21,5", "3,2 1", "4,nan", "5,inf", "6,0x10", "7,2,5", "8"]
    recording = read(tmp_path, "\n".join([*rows, "9,22,", "10,1_0", "11,23", "12,2"]))
    assert recording.values[:, 0].tolist() == [20, 23, 2]
    assert [bad.line for bad in recording.malformed] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert recording.malformed[0].reason == '"" is not a number'
    assert recording.malformed[1].reason == "3 cells instead of 2"


def test_rows_are_counted_from_zero_malformed_ones_included(tmp_path: Path) -> None:
    text = "value\n0\nx\n2\n3\n4\n"
    assert read(tmp_path, text, ONE, "1:4").values[:, 0].tolist() == [2, 3]
    assert read(tmp_path, text, ONE, "3:").values[:, 0].tolist() == [3, 4]
    assert read(tmp_path, text, ONE, ":1").values[:, 0].tolist() == [0]
    for wrong in ("3", "a:b", "4:4", "-1:3"):
        with pytest.raises(UserError, match="--rows"):
            read(tmp_path, text, ONE, wrong)


def test_columns_by_name_number_channel_or_as_the_only_one(tmp_path: Path) -> None:
    text = "time,a,temperature\n0,1,2\n1,3,4\n"
    assert read(tmp_path, text).values[:, 0].tolist() == [2, 4]
    assert read(tmp_path, text, ONE, None, ["a"]).values[:, 0].tolist() == [1, 3]
    assert read(tmp_path, text, ONE, None, ["3"]).values[:, 0].tolist() == [2, 4]
    assert read(tmp_path, text, ("temperature", "a")).values.tolist() == [[2, 1], [4, 3]]
    with pytest.raises(UserError, match=r"there is no column b \(columns: time, a, temperature\)"):
        read(tmp_path, text, ONE, None, ["b"])
    with pytest.raises(UserError, match="choose with --column"):
        read(tmp_path, text, ("x",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"# only a comment\n", "holds no rows"),
        (b"value\n", "holds no usable row"),
        (b"value\nx\ny\n", 'line 2: "x" is not a number'),
        (b"time;value\n1,2\n3,4\n", "line 2: 1 cells instead of 2"),
        (b"\x00\x01\x02\xff" * 99, "is not a text file"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "holds no usable row"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert "probe.csv" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none.csv: cannot be read"):
        data.read_csv(tmp_path / "none.csv", ONE)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_numbers_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        values = data.read_csv(path, ONE).values
    except UserError:
        return
    assert np.isfinite(values).all()
    assert len(values) <= content.count(b"\n") + content.count(b"\r") + 300


def test_synthetic_data_are_the_same_every_time_and_as_described() -> None:
    first, second = data.own(LESSON), data.own(LESSON)
    assert np.array_equal(first.segments[0], second.segments[0])
    draws = first.segments[0]
    assert draws.shape == (1000, 1)
    assert 15 <= draws.min() <= draws.max() <= 35
    assert abs(draws.mean() - 25) < 0.2
    assert abs(draws.std() - 2) < 0.2
    room = data.own(TEMPERATURE).segments[0]
    steps = room / (data.resolution(TEMPERATURE) / 4)
    assert np.allclose(steps, np.round(steps))


def test_constant_or_too_short_data_teach_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("25\n" * 100)
    with pytest.raises(UserError, match="temperature is always 25"):
        data.from_file(LESSON, path, None, None)
    path.write_text("25\n26\n" * 5)
    with pytest.raises(UserError, match="too few to train on, at least 30"):
        data.from_file(LESSON, path, None, None)


def test_held_out_blocks_are_spread_and_of_the_stated_share() -> None:
    segment = np.zeros((1000, 1))
    cut = data.blocks([segment], 0.2, 16)
    held = [(begin, end) for _, begin, end, out in cut if out]
    assert sum(end - begin for begin, end in held) == 200
    assert len(held) == 5
    assert cut[0][1] == 0
    assert cut[-1][2] == 1000
    assert all(a[2] == b[1] for a, b in itertools.pairwise(cut))
