"""Accelerometers and microphones on recordings of others: what is told apart, and how often there
is an alarm without cause.

Every detector is trained on normal data of the set alone. Ours run as the firmware does, with the
profile's own threshold; the others are ranked only.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines
from benchmark.sensor_sets import Fold, Set
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import evaluation, features, frames, train
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

OWN: Final = ("int8", "float32", "mahalanobis")  # the first is the product's default
KMEANS: Final = "spectral_kmeans"
NAMES: Final = (*OWN, *baselines.ON_FEATURES, KMEANS)

_CLUSTERS: Final = 32
_SPECTRUM: Final = 64  # samples of an FFT of Edge Impulse's spectral features


@dataclass(frozen=True)
class Scored:
    """Scores of the frames of recordings, and which of them are in alarm."""

    normal: list[Array]
    anomalies: list[Array]
    normal_alarms: list[Booleans]
    anomaly_alarms: list[Booleans]


def run(sets: Sequence[Set], names: list[str], told: Callable[[int, int], None]) -> dict[str, Any]:
    """Measures detectors on sets; `told` hears (done, in all)."""
    total, done = len(sets) * len(names), 0
    told(0, total)
    trained: dict[tuple[str, str, int], Manifest] = {}
    result: dict[str, Any] = {}
    for one in sets:
        profile = profiles.load(PROJECT / one.profile)
        found: dict[str, Any] = {}
        for name in names:
            found[name] = _measure(one, profile, name, trained)
            done += 1
            told(done, total)
        own = found.get(OWN[0], {})
        result[one.name] = {
            **{key: own.get(key) for key in ("auc", "detected", "false_alarms_per_hour")},
            "detectors": found,
        }
    return {"sets": result}


def known(asked: list[str] | None) -> list[str]:
    """The detectors asked for; all without a wish.

    Raises:
      UserError: one of them is unknown.
    """
    for name in asked or ():
        if name not in NAMES:
            raise UserError(f"--detector {name}: is none of {', '.join(NAMES)}")
    return [name for name in NAMES if not asked or name in asked]


def _measure(
    one: Set, profile: Profile, name: str, trained: dict[tuple[str, str, int], Manifest]
) -> dict[str, Any]:
    """One detector on one set. Its own models are trained once for all sets of the same normal
    data."""
    parts = []
    for fold in one.folds:
        if name not in OWN:
            parts.append(_other(profile, name, fold))
            continue
        variant = _variant(profile, name)
        key = (name, one.profile, hash(b"".join(x.tobytes() for x in fold.train)))
        if key not in trained:
            trained[key] = _train(variant, fold.train)
        parts.append(_own(variant, trained[key], fold))
    return _report(one, profile, name, parts)


def _variant(profile: Profile, name: str) -> Profile:
    if name == "mahalanobis":
        detector = dataclasses.replace(profile.detector, kind="mahalanobis")
        return dataclasses.replace(profile, detector=detector)
    network = dataclasses.replace(profile.network, quantize=name == "int8")
    return dataclasses.replace(profile, network=network)


def _train(profile: Profile, samples: list[Array]) -> Manifest:
    found = frames.judged(profile, samples, 1 / profile.sampling.rate_hz, "training")
    record = {"kind": "file", "description": "recordings", "date": None}
    dataset = Dataset(found, ["benchmark"], record, None, samples)
    return train.train(profile, dataset, lambda done, total, loss: None, False).manifest


def _own(profile: Profile, found: Manifest, fold: Fold) -> Scored:
    """Each recording on a board of its own, which does not learn from it."""
    threshold = float(found["pipeline"]["decision"]["threshold"])

    def judged(recordings: list[Array]) -> tuple[list[Array], list[Booleans]]:
        results = [
            evaluation.run(profile, found, values, learns=False)
            for x in recordings
            if len(values := _frames(profile, x))
        ]
        return [r.score / threshold for r in results], [r.alarm for r in results]

    normal, normal_alarms = judged(fold.normal)
    anomalies, anomaly_alarms = judged(fold.anomalies)
    return Scored(normal, anomalies, normal_alarms, anomaly_alarms)


def _frames(profile: Profile, samples: Array) -> Array:
    assert profile.frame is not None
    return frames.compute(profile.frame, profile.sampling.rate_hz, samples)


def _other(profile: Profile, name: str, fold: Fold) -> Scored:
    """A detector without a threshold of its own."""
    describe = _spectral(profile) if name == KMEANS else _scaled(profile, fold.train)
    rows = np.concatenate([found for x in fold.train if len(found := describe(x))])
    score = kmeans(rows) if name == KMEANS else baselines.ON_FEATURES[name](rows).score

    def judged(recordings: list[Array]) -> list[Array]:
        return [score(found) for x in recordings if len(found := describe(x))]

    return Scored(judged(fold.normal), judged(fold.anomalies), [], [])


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


def _report(one: Set, profile: Profile, name: str, parts: list[Scored]) -> dict[str, Any]:
    """Figures of all folds; scores of different folds are compared on the threshold's scale."""
    normal = [scores for part in parts for scores in part.normal]
    anomalies = [scores for part in parts for scores in part.anomalies]
    result: dict[str, Any] = {"auc": auc(_units(one, normal), _units(one, anomalies))}
    if name not in OWN:
        return result
    frame_h = 1 / profile.frame_rate_hz / 3600
    quiet = [alarm for part in parts for alarm in part.normal_alarms]
    loud = [alarm for part in parts for alarm in part.anomaly_alarms]
    begun = sum(int(np.sum(np.diff(alarm.astype(int), prepend=0) > 0)) for alarm in quiet)
    hours = sum(map(len, quiet)) * frame_h
    found = np.concatenate([[a.any()] for a in loud] if one.by_clip else loud)
    return result | {
        "detected": float(np.mean(found)),
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
