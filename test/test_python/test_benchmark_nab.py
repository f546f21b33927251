"""NAB's rules against figures of NAB's own code, and the detector for months of readings."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark import nab, return_period
from benchmark.nab_scoring import Series, evaluate, probation_rows, raw_scores
from benchmark.program import Compiler
from project import profile as profiles
from project.errors import UserError

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
    got = raw_scores(Series(SCORES[:, None] >= thresholds, WINDOWS))
    assert got == pytest.approx(list(BY_NAB.values()), abs=1e-12)


def test_silence_is_0_and_an_alarm_at_each_start_is_100() -> None:
    silent_and_perfect = np.zeros((120, 2), dtype=bool)
    silent_and_perfect[[30, 80], 1] = True
    result = evaluate([Series(silent_and_perfect, WINDOWS)], 0)
    assert result.score_fixed == 0
    assert result.best == 1
    assert result.score_best == pytest.approx(100)
    assert result.raw_best == pytest.approx((2.0,))


def test_alarms_in_the_probation_do_not_count() -> None:
    assert (probation_rows(100), probation_rows(20_000)) == (15, 750)
    early = np.arange(120)[:, None] < probation_rows(120)
    assert evaluate([Series(early, WINDOWS)], 0).score_fixed == 0


def test_a_file_without_windows_can_only_lose() -> None:
    alarms = np.zeros((120, 2), dtype=bool)
    alarms[[50, 60], 1] = True
    assert raw_scores(Series(alarms, ())).tolist() == pytest.approx([0, -0.22])


def test_one_anomaly_is_one_alarm_until_it_has_been_calm() -> None:
    ratios = np.array([0, 1.2, 3, 0.4, 0.6, 0.4, 0.4, 1, 0, 0, 0.9, 1])
    begins = nab.alarms(ratios, 0.5, 2)[:, nab.FIXED]
    assert np.flatnonzero(begins).tolist() == [1, 7, 11]
    both = np.stack([ratios, np.roll(ratios, 1)], axis=1)
    assert np.flatnonzero(nab.alarms(both, 0.5, 2)[:, nab.FIXED]).tolist() == [0, 1, 7, 8, 11]


def test_return_periods_are_right_on_random_days() -> None:
    """A deviation of so many days' return period is exceeded about once in so many days."""
    random = np.random.default_rng(1)
    days = 4000
    hourly = random.normal(0, 1, 24 * days)
    scores = return_period.scores(hourly, 1.0).max(axis=1)
    daily = scores.reshape(days, 24).max(axis=1)[60:]
    for period in (7, 14, 30):
        rate = np.mean(daily > np.log(period))
        assert 0.6 / period < rate < 1.6 / period


def test_the_unit_does_not_matter() -> None:
    random = np.random.default_rng(1)
    values = 20 + np.cumsum(random.normal(0, 0.1, 3000)) + random.normal(0, 1, 3000)
    celsius = return_period.scores(values, 1.0)
    assert celsius.max() > 1
    assert np.allclose(celsius, return_period.scores(values * 1.8 + 32, 1.0))
    assert np.allclose(celsius[:, ::-1], return_period.scores(-values, 1.0))


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


@pytest.mark.skipif(not RECORDING.is_file(), reason="the recording is not here")
@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_the_logger_flags_both_failures_through_the_compiled_program(
    host_compiler: Compiler,
) -> None:
    file = nab.read_file(RECORDING, FAILURES)
    begins = np.flatnonzero(nab.program_begins("logger", file, host_compiler)[:, nab.FIXED])
    for first, last in file.windows:
        assert np.any((begins >= first) & (begins <= last))
    outside = [b for b in begins if not any(f <= b <= e for f, e in file.windows)]
    assert len(outside) <= 9  # one a month is allowed
