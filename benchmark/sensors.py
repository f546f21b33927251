"""Accelerometers and microphones on recordings of others: what is told apart, and how often there
is an alarm without cause.

Every detector is trained on normal data of the set alone. Ours run as the firmware does, with the
profile's own threshold; the others are ranked only.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines, variants
from benchmark.sensor_sets import Fold, Set
from project import profile as profiles
from project.paths import PROJECT
from project.profile import Profile
from training import evaluation, features, frames, refit, train
from training.data import Dataset

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

OWN: Final = ("int8", "float32", "mahalanobis")  # the first is the product's default
KMEANS: Final = "spectral_kmeans"
# The product with other hidden layers.
NETWORKS: Final = {
    "tanh-4": ((4,), "tanh"),
    "tanh-16-2-16": ((16, 2, 16), "tanh"),
    "relu-16-4-16": ((16, 4, 16), "relu"),
}
DEFAULT: Final = (*OWN, *baselines.ON_FEATURES, KMEANS)
NAMES: Final = (*DEFAULT, *NETWORKS)

_CLUSTERS: Final = 32
_SPECTRUM: Final = 64  # samples of an FFT of Edge Impulse's spectral features


# What a detector says of the frames of a recording: scores, and which of them are in alarm, if it
# has a threshold.
Judge = Callable[[Array], tuple[Array, Booleans]]

# A trained detector where it is installed: as it is, or with samples of there to learn from.
Installed = Callable[[Array | None], Judge]


@dataclass
class Scored:
    """Scores of the frames of recordings, and which of them are in alarm."""

    normal: list[Array] = field(default_factory=list)
    anomalies: list[Array] = field(default_factory=list)
    normal_alarms: list[Booleans] = field(default_factory=list)
    anomaly_alarms: list[Booleans] = field(default_factory=list)


def run(sets: Sequence[Set], names: list[str], told: Callable[[int, int], None]) -> dict[str, Any]:
    """Figures of detectors on sets, by set; `told` hears (done, in all)."""
    total, done = len(sets) * len(names), 0
    told(0, total)
    # One for all sets that are trained on the same.
    trained: dict[tuple[str, int], Installed] = {}
    result: dict[str, Any] = {}
    for one in sets:
        profile = profiles.load(PROJECT / one.profile)
        found: dict[str, Any] = {}
        for name in names:
            scored = Scored()
            for fold in one.folds:
                key = name, id(fold.train)
                if key not in trained:
                    trained[key] = _trained(profile, name, fold.train)
                _add(scored, fold, trained[key](fold.learn))
            found[name] = _report(one, profile, name, scored)
            done += 1
            told(done, total)
        own = found.get(OWN[0], {})
        result[one.name] = {
            **{key: own.get(key) for key in ("auc", "detected", "false_alarms_per_hour")},
            "detectors": found,
        }
    return result


def _add(scored: Scored, fold: Fold, judge: Judge) -> None:
    """What a detector says of the recordings of a fold; one without a frame is left out."""
    for recordings, scores, alarms in (
        (fold.normal, scored.normal, scored.normal_alarms),
        (fold.anomalies, scored.anomalies, scored.anomaly_alarms),
    ):
        for score, alarm in map(judge, recordings):
            if len(score):
                scores.append(score)
                alarms.append(alarm)


def _trained(profile: Profile, name: str, samples: list[Array]) -> Installed:
    if name == "mahalanobis":
        return _own(variants.mahalanobis(profile), samples)
    if name in OWN:
        return _own(variants.quantized(profile, name == "int8"), samples)
    if name in NETWORKS:
        return _own(variants.layered(profile, *NETWORKS[name]), samples)
    # The others are trained where they are installed.
    return lambda learn: _other(profile, name, samples if learn is None else [learn])


def _own(profile: Profile, samples: list[Array]) -> Installed:
    """Each recording on a board of its own, which does not learn from it. Scores are shares of the
    threshold."""
    values = frames.judged(profile, samples, 1 / profile.sampling.rate_hz, "training")
    record = {"kind": "file", "description": "recordings", "date": None}
    dataset = Dataset(values, ["benchmark"], record, None, samples)
    found = train.train(profile, dataset, lambda done, total, loss: None, False).manifest

    def installed(learn: Array | None) -> Judge:
        used = found if learn is None else refit.learn(profile, found, _frames(profile, learn))

        def judge(recording: Array) -> tuple[Array, Booleans]:
            frames_of = _frames(profile, recording)
            if not len(frames_of):
                return np.empty(0), np.empty(0, bool)
            result = evaluation.run(profile, used, frames_of, learns=False)
            return result.score / result.threshold, result.alarm

        return judge

    return installed


def _frames(profile: Profile, samples: Array) -> Array:
    assert profile.frame is not None
    return frames.compute(profile.frame, profile.sampling.rate_hz, samples)


def _other(profile: Profile, name: str, samples: list[Array]) -> Judge:
    """A detector without a threshold of its own."""
    describe = _spectral(profile) if name == KMEANS else _scaled(profile, samples)
    rows = np.concatenate([found for x in samples if len(found := describe(x))])
    score = kmeans(rows) if name == KMEANS else baselines.ON_FEATURES[name](rows).score

    def judge(recording: Array) -> tuple[Array, Booleans]:
        found = describe(recording)
        return score(found) if len(found) else np.empty(0), np.empty(0, bool)

    return judge


def _scaled(profile: Profile, training: list[Array]) -> Callable[[Array], Array]:
    """The profile's features of its frames, scaled by those of the training data."""
    count = len(profile.value_names)
    values = [found for x in training if len(found := _frames(profile, x))]
    rows = [features.compute(profile, np.ones(count), v) for v in values]
    scaler = train.fit_scaler(profile, np.concatenate(rows), values)
    plain = dataclasses.replace(scaler, mean=None, whitening=None)
    return lambda x: plain.apply(
        features.compute(profile, np.ones(count), _frames(profile, x))
    ).astype(np.float64)


def _spectral(profile: Profile) -> Callable[[Array], Array]:
    """Edge Impulse's spectral features of the same frames, of each axis: root mean square,
    skewness, kurtosis, and of the bins of an FFT the decimal logarithm of the largest power over
    windows that overlap by half. (docs.edgeimpulse.com, "Spectral features")
    """
    frame, rate_hz = profile.frame, profile.sampling.rate_hz
    assert frame is not None
    size = min(_SPECTRUM, 1 << (frame.samples.bit_length() - 1))

    def describe(samples: Array) -> Array:
        if len(samples) < frame.samples:
            return np.empty((0, 0))
        cut = np.lib.stride_tricks.sliding_window_view(samples, frame.samples, axis=0)[:: frame.hop]
        columns = []
        for axis in range(cut.shape[1]):
            x = cut[:, [axis]]
            columns += [f(x, rate_hz) for f in (frames.rms, frames.skewness, frames.kurtosis)]
            moving = x[:, 0] - x[:, 0].mean(axis=-1, keepdims=True)
            windows = np.lib.stride_tricks.sliding_window_view(moving, size, axis=-1)
            power = abs(np.fft.rfft(windows[:, :: size // 2] * np.hanning(size))) ** 2
            columns += list(np.log10(power.max(axis=1) + 1e-12)[:, 1:].T)
        return np.stack(columns, axis=-1)

    return describe


def kmeans(rows: Array) -> Callable[[Array], Array]:
    """Edge Impulse's anomaly block: standardised, 32 clusters; the distance to the nearest centre
    less the largest distance that this cluster has in training. (docs.edgeimpulse.com, "Anomaly
    detection (K-means)")
    """
    from sklearn.cluster import KMeans

    mean, deviation = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    z = (rows - mean) / deviation
    model = KMeans(min(_CLUSTERS, len(z)), n_init=4, random_state=0).fit(z)
    reach = np.zeros(len(model.cluster_centers_))
    np.maximum.at(reach, model.labels_, model.transform(z).min(axis=1))

    def score(values: Array) -> Array:
        distances = model.transform((values - mean) / deviation)
        nearest = distances.argmin(axis=1)
        return np.asarray(distances.min(axis=1) - reach[nearest])

    return score


def _report(one: Set, profile: Profile, name: str, scored: Scored) -> dict[str, Any]:
    """Figures of all folds; scores of different folds are compared on the threshold's scale."""
    result: dict[str, Any] = {"auc": None}
    if scored.anomalies:
        result["auc"] = auc(_units(one, scored.normal), _units(one, scored.anomalies))
    if name not in (*OWN, *NETWORKS):
        return result
    quiet, loud = scored.normal_alarms, scored.anomaly_alarms
    begun = sum(len(evaluation.intervals(alarm)) for alarm in quiet)
    hours = sum(map(len, quiet)) / profile.frame_rate_hz / 3600
    found = np.array([a.any() for a in loud]) if one.by_clip else np.concatenate([*loud, []])
    return result | {
        "detected": float(np.mean(found)) if len(found) else None,
        "false_alarms_per_hour": begun / hours,
        "false_alarms": begun,
        "hours": hours,
    }


def _units(one: Set, scores: list[Array]) -> Array:
    """What is ranked: the highest score of each recording, or every frame."""
    if one.by_clip:
        return np.array([s.max() for s in scores])
    return np.concatenate(scores)


def auc(normal: Array, anomalies: Array) -> float:
    """Area under the ROC curve: how often an anomaly scores higher than what is normal."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([normal, anomalies]))[len(normal) :]
    count = len(anomalies)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * len(normal)))
