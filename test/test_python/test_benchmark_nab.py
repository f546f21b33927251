"""NAB's rules against figures of NAB's own code, and the detector for months of readings."""

import json
from pathlib import Path

import numpy as np
import pytest

from training import profiles
from training.benchmark import nab
from training.benchmark.nab_scoring import Series, evaluate, probation_rows, raw_scores
from training.errors import UserError

RECORDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab_ambient_temperature.csv"
FAILURES = [
    ["2013-12-15 07:00:00.000000", "2013-12-30 09:00:00.000000"],
    ["2014-03-29 15:00:00.000000", "2014-04-20 22:00:00.000000"],
]

# Scores k of 101, windows at rows 30 to 44 and 80 to 99 of 120: what nab/sweeper.py of numenta/NAB
# (commit ea702d7) gives at some thresholds.
SCORES = ((np.arange(120) * 37) % 101) / 101
WINDOWS = ((30, 44), (80, 99))
BY_NAB = {
    111.1: -2.0,
    100.0: 0.0,
    96.0: 1.5621076255393502,
    81.0: 0.6615619629664025,
    41.0: -1.9654985963798572,
    0.0: -4.4744830728602105,
}


def test_raw_scores_are_those_of_nab() -> None:
    thresholds = np.array(list(BY_NAB)) / 101
    got = raw_scores(Series(SCORES, WINDOWS), thresholds)
    assert got == pytest.approx(list(BY_NAB.values()), abs=1e-12)


def test_silence_is_0_and_an_alarm_at_each_start_is_100() -> None:
    silent, perfect = np.zeros(120), np.zeros(120)
    perfect[[30, 80]] = 1.0
    assert evaluate([Series(silent, WINDOWS)], 0.5).score_fixed == 0
    result = evaluate([Series(perfect, WINDOWS)], 0.5)
    assert result.score_fixed == pytest.approx(100)
    assert result.raw_best == pytest.approx((2.0,))


def test_alarms_in_the_probation_do_not_count() -> None:
    assert (probation_rows(100), probation_rows(20_000)) == (15, 750)
    early = np.zeros(120)
    early[: probation_rows(120)] = 1.0
    assert evaluate([Series(early, WINDOWS)], 0.5).score_fixed == 0


def test_one_anomaly_is_one_alarm_for_a_week() -> None:
    scores = np.array([1.0, 3.0, 2.0, 4.0, 4.0, 1.0, 2.0, 3.0, 3.5])
    assert nab.new_highs(scores, 3).tolist() == [1.0, 3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 3.5]


def test_the_unit_does_not_matter() -> None:
    random = np.random.default_rng(1)
    values = 20 + np.cumsum(random.normal(0, 0.1, 3000)) + random.normal(0, 1, 3000)
    hours = np.datetime64("2014-01-01T00:00:00") + np.arange(3000) * np.timedelta64(3600, "s")
    celsius = nab.Recording("x.csv", hours, values, ())
    fahrenheit = nab.Recording("x.csv", hours, values * 1.8 + 32, ())
    assert np.allclose(nab.self_scaled(celsius), nab.self_scaled(fahrenheit))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    labels = tmp_path / "windows.json"
    labels.write_text(json.dumps({"realKnownCause/a.csv": []}))
    (tmp_path / "b.csv").write_text("timestamp,value\n2014-01-01 00:00:00,1\n")
    with pytest.raises(UserError, match=r"holds no a\.csv"):
        nab.read(tmp_path, labels, ["a.csv"])
    with pytest.raises(UserError, match=r"no windows for b\.csv"):
        nab.read(tmp_path, labels, ["b.csv"])
    (tmp_path / "a.csv").write_text("timestamp,value\n2014-01-01 00:00:00,warm\n")
    with pytest.raises(UserError, match=r"a\.csv: line 2"):
        nab.read(tmp_path, labels, ["a.csv"])


@pytest.mark.skipif(not RECORDING.is_file(), reason="the recording is not here")
def test_both_failures_of_the_office_without_a_label() -> None:
    temperature = profiles.load(profiles.find("temperature"))
    recording = nab.read_file(RECORDING, FAILURES)
    found = nab.run(temperature, [nab.OWN], [recording], lambda done, total: None)[nab.OWN]
    figures = found["files"][RECORDING.name]
    assert figures["raw_best"] >= 1.2
    assert figures["raw_fixed"] > 0
