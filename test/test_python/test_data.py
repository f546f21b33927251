"""Normal data: what is trained on, and what is said where nothing can be learnt."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from project import profile as profiles
from project.errors import UserError
from training import data
from training.wishes import Wishes

LESSON = profiles.load(profiles.find("lesson"))
TEMPERATURE = profiles.load(profiles.find("temperature"))


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
    every_half_second = Wishes(interval_s=0.5)
    with pytest.raises(UserError, match="temperature is always 25"):
        data.from_file(LESSON, path, every_half_second)
    path.write_text("25\n26\n" * 5)
    with pytest.raises(UserError, match="too few to train on, at least 30"):
        data.from_file(LESSON, path, every_half_second)


def test_a_model_remembers_what_was_said_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.csv"
    path.write_text("a;b\n" + "".join(f"1;2{i % 7},5\n" for i in range(100)))
    wishes = Wishes(("b",), 0.5, None, "10:90")
    first = data.from_file(LESSON, path, wishes)
    assert first.record["wishes"] == {"columns": ["b"], "interval_s": 0.5, "rows": "10:90"}
    again = data.of_record(LESSON, first.record)
    assert np.array_equal(first.segments[0], again.segments[0])
    assert first.identity == again.identity
    assert first.identity != data.from_file(LESSON, path, Wishes(("b",), 0.25)).identity


def test_held_out_blocks_are_spread_and_of_the_stated_share() -> None:
    segment = np.zeros((1000, 1))
    cut = data.blocks([segment], 0.2, 16)
    held = [(begin, end) for _, begin, end, out in cut if out]
    assert sum(end - begin for begin, end in held) == 200
    assert len(held) == 5
    assert cut[0][1] == 0
    assert cut[-1][2] == 1000
    assert all(a[2] == b[1] for a, b in itertools.pairwise(cut))
