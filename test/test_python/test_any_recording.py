"""Whatever is recorded, training ends in a model of finite numbers or in one sentence."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Calibration, Feature, Profile
from training import evaluation, modelinfo, train
from training.data import Dataset
from training.manifest import Manifest
from training.stretch import Size

Array = npt.NDArray[np.float64]

LESSON, TEMPERATURE, PUMP = (
    profiles.load(path)
    for path in (
        profiles.find("lesson"),
        profiles.find("temperature"),
        PROJECT / "examples" / "pump.toml",
    )
)


def without_network(profile: Profile) -> Profile:
    """All of the training but the network's own steps, which any input has the shape for."""
    return dataclasses.replace(
        profile, detector=dataclasses.replace(profile.detector, kind="mahalanobis")
    )


def with_channels(profile: Profile, count: int) -> Profile:
    """The same features for each of `count` channels; without a stretch, which has one only."""
    kinds = {(f.kind, f.parameters): None for f in profile.features.use}
    use = [Feature(k, c, p) for k, p in list(kinds)[: 16 // count] for c in range(count)]
    names = tuple(f"channel{c}" for c in range(count))
    return dataclasses.replace(
        profile,
        sensor=dataclasses.replace(profile.sensor, channels=names),
        features=dataclasses.replace(profile.features, use=tuple(use)),
        data=dataclasses.replace(profile.data, stretch=None),
    )


def at(profile: Profile, rate_hz: float) -> Profile:
    return dataclasses.replace(profile, sampling=profiles.Sampling(rate_hz))


def quantile(profile: Profile) -> Profile:
    rule = Calibration("quantile", quantile=0.999)
    detector = dataclasses.replace(profile.detector, calibration=rule)
    return dataclasses.replace(profile, detector=detector)


def dataset(*segments: Array, interval_s: float | None = None) -> Dataset:
    record = {"kind": "file", "description": "some.csv", "date": None, "malformed": 0}
    return Dataset(list(segments), ["file"], record, interval_s)


def white(*shape: int, seed: int = 1) -> Array:
    return 25 + 0.1 * np.random.default_rng(seed).standard_normal(shape)


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


def trained(profile: Profile, recorded: Dataset, size: Size | None = None) -> Manifest:
    """With a virtual recording of this size, else of ten minutes and not of twelve days."""
    size = size or Size(2, max(300.0, 10 / profile.sampling.rate_hz), 30.0)
    found = train.train(profile, recorded, lambda *_: None, virtual=size).manifest
    assert all(map(math.isfinite, numbers(found))), found
    assert found["pipeline"]["decision"]["threshold"] > 0
    return found


def test_the_network_trains_on_half_a_minute() -> None:
    network = dataclasses.replace(TEMPERATURE.network, steps=5)
    profile = dataclasses.replace(TEMPERATURE, network=network)
    assert trained(profile, dataset(white(60, 1)))["layers"]


@pytest.mark.parametrize("seconds", [890, 901, 1000, 1040, 1060, 1700])
def test_fifteen_minutes_are_trained_on_beside_the_virtual_recording(seconds: int) -> None:
    """Unless the board learns its days by itself: then the model stays that of a minute."""
    learning = without_network(TEMPERATURE)
    plain = dataclasses.replace(
        learning, detector=dataclasses.replace(learning.detector, learning=None)
    )
    for profile, beside in ((plain, seconds >= 900), (learning, False)):
        found = trained(profile, dataset(white(2 * seconds, 1)), Size(3))
        assert (found["metrics"]["rows_scored"] > 3 * 7200) == beside


def test_short_streams_are_a_model() -> None:
    trained(without_network(TEMPERATURE), dataset(white(120, 1)), Size(20, 90.0))


@pytest.mark.parametrize(
    ("profile", "recorded", "message"),
    [
        (PUMP, dataset(white(50, 8)), "0 rows after the first 60 of each piece"),
        (PUMP, dataset(*[white(60, 8)] * 40), "0 rows after the first 60 of each piece"),
        (LESSON, dataset(*[white(19, 1)] * 40), "measured over 20 rows in one piece"),
        (with_channels(TEMPERATURE, 2), dataset(white(500, 2)), "needs at least 512 rows"),
        (TEMPERATURE, dataset(white(500, 1), interval_s=3600.0), "needs at least 512 rows"),
        (at(TEMPERATURE, 1000.0), dataset(white(60_000, 1)), "lower rate_hz to 89 or less, or"),
        (LESSON, dataset(1e30 * white(99, 1)), "too large for the chip's numbers"),
        (LESSON, dataset(1e-18 * white(99, 1)), "too small for the chip's numbers"),
        (LESSON, dataset(1e12 + white(99, 1)), "would not see it; take off what is constant"),
        (LESSON, dataset(np.full((99, 1), 25.0)), "would not see it"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_before_the_network(
    monkeypatch: pytest.MonkeyPatch, profile: Profile, recorded: Dataset, message: str
) -> None:
    monkeypatch.setattr(train, "import_tensorflow", lambda: pytest.fail("it has begun to train"))
    with pytest.raises(UserError, match=rf"^some\.csv: .*{message}|^profile .*{message}"):
        train.train(profile, recorded, lambda done, total, loss: None)


def test_pieces_are_worth_as_much_as_one_recording() -> None:
    """Two thousand rows, whole and in ten pieces: as a fixed, a quantile and a tail threshold."""
    x = white(2000, 2)
    pieces = np.split(x, 10)
    two = with_channels(TEMPERATURE, 2)
    for profile in map(without_network, (with_channels(LESSON, 2), quantile(two), two)):
        whole, cut = trained(profile, dataset(x)), trained(profile, dataset(*pieces))
        assert cut["pipeline"]["sigma"] == pytest.approx(whole["pipeline"]["sigma"], rel=0.02)
        thresholds = [found["pipeline"]["decision"]["threshold"] for found in (whole, cut)]
        assert thresholds[1] == pytest.approx(thresholds[0], rel=0.4)
        assert cut["metrics"]["rows_trained"] > 0.7 * whole["metrics"]["rows_trained"]


def test_the_noise_is_that_of_all_pieces() -> None:
    quiet, loud = white(1000, 1), 25 + 1.6 * (white(900, 1, seed=2) - 25)
    found = trained(without_network(TEMPERATURE), dataset(quiet, loud))
    assert found["pipeline"]["sigma"][0] == pytest.approx(0.132, rel=0.05)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[Profile, Dataset]:
    """A profile and a recording of it: any number of channels, pieces, rows, any kind of values."""
    channels = draw(st.sampled_from([1, 1, 1, 2, 3, 8]))
    base = draw(st.sampled_from([LESSON, TEMPERATURE, quantile(TEMPERATURE), PUMP]))
    profile = with_channels(base, channels) if channels > 1 or base is PUMP else base
    profile = at(profile, draw(st.sampled_from([0.001, 0.2, 1.0, 2.0, 10.0])))
    lengths = draw(
        st.lists(st.one_of(st.integers(1, 99), st.integers(1, 999)), min_size=1, max_size=4)
    )
    random = np.random.default_rng(draw(st.integers(0, 99)))
    x = random.standard_normal((sum(lengths), channels))
    kind = draw(st.sampled_from(["white", "walk", "constant", "two values", "steps", "glitch"]))
    last = x[:, -1]
    if kind == "walk":
        x = np.cumsum(x, axis=0)
    elif kind == "constant":
        last[:] = 0
    elif kind == "two values":
        last[:] = last > 1.5
    elif kind == "steps":
        last[:] = np.round(last)
    elif kind == "glitch":
        last[:] = 0
        last[len(last) // 2] = 1
    scale, offset = draw(st.sampled_from([(1, 0), (0.1, 25), (1e-9, 0), (1e9, 0), (1e-3, 1e5)]))
    segments = np.split(offset + scale * x, np.cumsum(lengths)[:-1])
    interval_s = draw(st.sampled_from([None, None, 0.01, 5.0, 3600.0]))
    return without_network(profile), dataset(*segments, interval_s=interval_s)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(case=recordings())
def test_any_recording_is_a_model_or_a_sentence(case: tuple[Profile, Dataset]) -> None:
    try:
        trained(*case)
    except UserError as error:
        assert len(str(error)) < 300
        assert "\n" not in str(error)


@pytest.mark.parametrize("rate_hz", [0.2, 2.0, 10.0])
@pytest.mark.parametrize("rows", [1, 19, 20, 29, 30, 75, 511, 512, 2160])
def test_every_length_is_a_model_or_a_sentence(rate_hz: float, rows: int) -> None:
    for base in (TEMPERATURE, with_channels(TEMPERATURE, 2), PUMP, LESSON):
        profile = without_network(at(base, rate_hz))
        try:
            trained(profile, dataset(white(rows, len(profile.sensor.channels))))
        except UserError:
            assert rows < max(512, profile.warmup_frames + 30)


def test_a_promise_holds_without_a_virtual_recording_too() -> None:
    """Half an hour of two channels at 10 Hz sets a threshold that the next hour does not reach."""
    profile = without_network(at(with_channels(TEMPERATURE, 2), 10.0))
    found = trained(profile, dataset(white(18_000, 2)))
    assert found["metrics"]["own_alarms"] == 0
    assert found["metrics"]["own_promised"] == pytest.approx(0.2 / 24 / 2, rel=0.01)
    assert modelinfo.too_many_alarms(profile, found) is None
    assert not evaluation.run(profile, found, white(36_000, 2, seed=2)).alarm.any()


def test_more_alarms_on_normal_data_than_promised_are_told_with_the_cure() -> None:
    profile, x = without_network(TEMPERATURE), white(1200, 1)
    x[300:304], x[900:904] = 40, 10
    found = trained(profile, dataset(x[:600], x[600:]))
    assert found["metrics"]["own_alarms"] == 2
    said = modelinfo.too_many_alarms(profile, found)
    assert said is not None
    assert said.startswith("2 alarms on its own normal data are more than 0.0013, which")
    assert "the first is at row 300: take out what was not normal there, otherwise" in said
    assert said.endswith("raise [data.stretch] slope, or record for 15 minutes or longer")


def test_rows_that_were_held_out_are_counted_apart() -> None:
    profile = without_network(quantile(with_channels(TEMPERATURE, 1)))
    found = trained(profile, dataset(white(1024, 1)))
    assert found["metrics"]["held_out_hours"] == pytest.approx(200 / 7200)
    assert modelinfo.own_alarms(found) == (
        "no alarms in 8.3 minutes of its normal data, no alarms in the 1.7 minutes of it that "
        "were held out"
    )
