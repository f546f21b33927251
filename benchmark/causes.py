"""Which of several correlated channels has moved: how often the cause of an alarm is right.

Every channel is moved alone, up and down, by several sizes beyond the one that just alarms. Counted
are the samples in alarm whose cause is that channel, and those in which the largest weighed
residual, a mixture of all channels, would have named it.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.profile import Calibration, Feature, Profile
from training import evaluation, train
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

CHANNELS: Final = (2, 4, 8)
SIZES: Final = (1.5, 2.0, 4.0, 8.0)  # times the size that alarms in half of the samples
STRUCTURES: Final[dict[str, Callable[[int], Array]]] = {
    "independent": lambda n: np.eye(n),
    "all by 0.6": lambda n: _equal(n, 0.6),
    "all by 0.8": lambda n: _equal(n, 0.8),
    "against each other by 0.8": lambda n: _equal(n, 0.8) * np.outer(_signs(n), _signs(n)),
    "neighbours by 0.85": lambda n: np.array(
        [[0.85 ** abs(i - j) for j in range(n)] for i in range(n)]
    ),
}
_CALIBRATION: Final = Calibration("quantile", quantile=0.999, margin=1.5)
_NORMAL: Final = 1500  # rows to train on
_QUIET: Final = 100  # rows before a channel moves
_MOVED: Final = 40


def known(profile: Profile) -> list[str]:
    """Names of the detectors that can be measured."""
    other = "float32" if profile.network.quantize else "int8"
    return [profile.name, f"{profile.name}-{other}", "mahalanobis"]


def suited(base: Profile, name: str, channels: int) -> Profile:
    """`base` with so many channels of its first feature, as the detector of this name.

    Its margin is one for data that do not drift.
    """
    first = base.features.use[0]
    own = tuple(Feature(first.kind, c, first.parameters) for c in range(channels))
    names = tuple(f"channel {c}" for c in range(channels))
    kind = "mahalanobis" if name == "mahalanobis" else "autoencoder"
    quantize = base.network.quantize if name == base.name else name.endswith("int8")
    return dataclasses.replace(
        base,
        sensor=dataclasses.replace(base.sensor, channels=names, units=channels * ("",)),
        features=dataclasses.replace(base.features, use=own),
        scaling=dataclasses.replace(base.scaling, drift_rows=0.0),
        network=dataclasses.replace(base.network, quantize=quantize),
        detector=dataclasses.replace(base.detector, kind=kind, calibration=_CALIBRATION),
    )


def run(
    profile: Profile, names: Sequence[str], told: Callable[[int, int], None]
) -> dict[str, dict[str, Any]]:
    """Shares of right causes by detector and number of channels, over all structures."""
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    total, done = len(names) * len(CHANNELS) * len(STRUCTURES), 0
    told(done, total)
    for name in names:
        for channels in CHANNELS:
            own = suited(profile, name, channels)
            counts = []
            for structure in STRUCTURES:
                counts.append(count(own, trained(own, structure), structure))
                done += 1
                told(done, total)
            found[name][str(channels)] = _shares(counts)
    return found


def trained(profile: Profile, structure: str) -> Manifest:
    """A detector that has seen normal data of this structure."""
    return trained_on(profile, readings(profile, structure, _NORMAL, seed=0))


def trained_on(profile: Profile, rows: Array) -> Manifest:
    """A detector that has seen these readings [rows, channels]."""
    dataset = Dataset([rows], [], {"description": "simulated channels"})
    model = train.train(profile, dataset, lambda done, total, loss: None, arena_by_trying=False)
    return model.manifest


def readings(profile: Profile, structure: str, rows: int, seed: int) -> Array:
    """Normal readings [rows, channels], whose channels differ in scale and level."""
    count = len(profile.sensor.channels)
    mix = np.linalg.cholesky(STRUCTURES[structure](count))
    noise = np.random.default_rng((seed, count)).standard_normal((rows, count)) @ mix.T
    return noise * scales(count) + 5 * np.arange(count)


def count(profile: Profile, found: Manifest, structure: str) -> tuple[int, int, int]:
    """Samples in alarm; of them those with the right cause; those with the largest residual in the
    channel that moved."""
    owners = np.array([feature.channel for feature in profile.features.use])
    alarms = right = largest = 0
    for channel, moved in _moves(profile, found, structure):
        result = evaluation.run(profile, found, moved)
        chosen = result.alarm & (np.arange(len(moved)) >= _QUIET)
        alarms += int(chosen.sum())
        right += int(np.sum(result.channel[chosen] == channel))
        largest += int(np.sum(owners[result.largest[chosen]] == channel))
    return alarms, right, largest


def _moves(profile: Profile, found: Manifest, structure: str) -> Iterator[tuple[int, Array]]:
    """The channel that moves, and readings in which it does."""
    for channel, scale in enumerate(scales(len(profile.sensor.channels))):
        for sign in (-scale, scale):
            first = readings(profile, structure, _QUIET + _MOVED, seed=1 + channel)
            least = _least(profile, found, first, channel, sign)
            for seed, size in enumerate(SIZES):
                rows = readings(profile, structure, len(first), seed=100 + 10 * channel + seed)
                rows[_QUIET:, channel] += size * least * sign
                yield channel, rows


def _least(profile: Profile, found: Manifest, rows: Array, channel: int, unit: float) -> float:
    """How far a channel has to move, in `unit`, for half of its samples to be in alarm."""
    low, high = 0.05, 100.0
    for _ in range(12):
        middle = float(np.sqrt(low * high))
        moved = rows.copy()
        moved[_QUIET:, channel] += middle * unit
        result = evaluation.run(profile, found, moved)
        if np.mean(result.score[_QUIET:] > result.threshold) > 0.5:
            high = middle
        else:
            low = middle
    return high


def _shares(counts: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    alarms, right, largest = (sum(column) for column in zip(*counts, strict=True))
    return {
        "alarms": alarms,
        "right": right / alarms,
        "largest_residual": largest / alarms,
        "structures": {n: c[1] / c[0] for n, c in zip(STRUCTURES, counts, strict=True)},
    }


def _equal(n: int, correlation: float) -> Array:
    return np.full((n, n), correlation) + (1 - correlation) * np.eye(n)


def _signs(n: int) -> Array:
    return np.where(np.arange(n) % 2, 1.0, -1.0)


def scales(n: int) -> Array:
    """The standard deviation of each channel."""
    return np.asarray(10.0 ** (np.arange(n) % 4 - 1))
