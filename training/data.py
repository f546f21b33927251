"""Normal data to train on: recordings, or generated where there is none."""

import contextlib
import dataclasses
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.paths import PROJECT
from project.profile import MACHINE, Frame, Profile, Synthetic
from training import fingerprint, frames, recordings, twin
from training.recordings import Recording
from training.wishes import Wishes
from training.wishes import of_record as of_wishes

Array = npt.NDArray[np.float64]

_LEAST_ROWS: Final = 30


@dataclass(frozen=True)
class Dataset:
    """Normal data to train on, in pieces that are each continuous in time."""

    segments: list[Array]  # of frames: [rows, values] each, without frames [rows, channels]
    identity: list[Any]  # for the fingerprint
    record: dict[str, Any]  # for the manifest
    interval_s: float | None = None  # seconds between rows, where it is known
    samples: list[Array] | None = None  # what the frames were made of: [samples, channels] each

    @property
    def rows(self) -> int:
        return sum(len(segment) for segment in self.segments)

    def as_samples(self) -> "Dataset":
        """The same data before it was made into frames."""
        if self.samples is None:
            return self
        return dataclasses.replace(self, segments=self.samples, samples=None)


def own(profile: Profile) -> Dataset:
    """The data that the profile itself names: its recordings, or what it has generated.

    Raises:
      UserError: there is neither, or a recording cannot be used.
    """
    files = fingerprint.recordings(profile)
    if not files:
        return _generated(profile)
    read = [recordings.read(file, profile) for file in files]
    rows = sum(len(r.values) for r in read)
    intervals = {round(r.interval_s, 9) for r in read}
    if len(intervals) > 1:
        found = ", ".join(f"{r.name} {r.interval_s:g} s" for r in read)
        raise UserError(
            f"data/{profile.name}/: the recordings have different intervals ({found}); keep those "
            "of one"
        )
    starts = [_date(r) or _name_date(f) for r, f in zip(read, files, strict=True)]
    record = {
        "kind": "recordings",
        "description": f"{len(files)} recording{'s' * (len(files) > 1)} of {rows} rows in all",
        "date": max((s for s in starts if s), default=None),
        "rows_used": rows,
        "files": [
            {"name": f.name, "sha256": fingerprint.file_sha256(f), **r.summary()}
            for f, r in zip(files, read, strict=True)
        ],
    }
    pieces = [piece for r in read for piece in r.pieces]
    identity = fingerprint.own_identity(profile)
    return _checked(profile, Dataset(pieces, identity, record, intervals.pop()))


def from_file(profile: Profile, path: Path, wishes: Wishes) -> Dataset:
    """Data from a file that was given by hand.

    Raises:
      UserError: the file cannot be used; says where.
    """
    recording = recordings.read(path, profile, wishes)
    sha256 = fingerprint.file_sha256(path)
    given = wishes.record()
    record = {
        "kind": "file",
        "description": f"{path.name}{f', rows {wishes.rows}' if wishes.rows else ''}: "
        f"{len(recording.values)} rows",
        "date": _date(recording) or _name_date(path),
        "name": path.name,
        "path": _relative(path),
        "sha256": sha256,
        "wishes": given,
        "rows_used": len(recording.values),
        "read": recording.summary(),
    }
    identity = fingerprint.file_identity(sha256, given)
    return _checked(profile, Dataset(recording.pieces, identity, record, recording.interval_s))


def of_record(profile: Profile, record: dict[str, Any]) -> Dataset:
    """The data that a manifest's record is about.

    Raises:
      UserError: they are gone, or cannot be used any more.
    """
    if record["kind"] != "file":
        return own(profile)
    path = fingerprint.data_path(record)
    if not path.is_file():
        raise UserError(f"{path}: is gone, and the model belongs to it; bring it back")
    return from_file(profile, path, of_wishes(record["wishes"]))


def _date(recording: Recording) -> str | None:
    """The first row's date and time, where it has one."""
    first = recording.edge(0)
    return first if isinstance(first, str) else None


def synthetic(profile: Profile, settings: Synthetic) -> Array:
    """Generated normal data [rows, channels], the same for the same seed."""
    if settings.kind == MACHINE:
        return twin.generate(profile, settings)
    random = np.random.default_rng(settings.seed)
    shape = (settings.rows, len(profile.sensor.channels))
    if settings.kind == "draws":
        draws = random.normal(settings.mean, settings.sd, shape)
        return np.clip(draws, settings.low, settings.high)
    seconds = np.arange(settings.rows)[:, None] / profile.sampling.rate_hz
    phases = random.uniform(0, 2 * np.pi, (2, shape[1]))
    step = settings.walk / np.sqrt(3600 * profile.sampling.rate_hz)
    level = (
        settings.mean
        + settings.daily * np.sin(2 * np.pi * seconds / 86400 + phases[0])
        + settings.ripple * np.sin(2 * np.pi * seconds / settings.ripple_seconds + phases[1])
        + np.cumsum(random.normal(0, 1, shape), axis=0) * step
    )
    readings = level + random.normal(0, settings.sd, shape)
    return np.clip(quantised(profile, readings), settings.low, settings.high)


def resolution(profile: Profile) -> Array:
    """What one ADC count means in each channel's unit [channels]; 0 where it is not constant."""
    count = len(profile.sensor.channels)
    return np.array([profile.sensor.input.step(channel) for channel in range(count)])


def quantised(profile: Profile, readings: Array) -> Array:
    """Readings as the mean of `oversampling` conversions shows them: steps of one count / sqrt."""
    step = resolution(profile) / np.sqrt(profile.sensor.input.oversampling)
    return readings if np.any(step == 0) else np.round(readings / step) * step


def blocks(
    segments: Sequence[Array], share: float, shortest: int
) -> list[tuple[int, int, int, bool]]:
    """Cuts segments into (segment, begin, end, held out) so that `share` of the rows is held out.

    The held-out blocks are spread evenly: a day's course is in both parts. A block has at least
    `shortest` rows, if the segment has.
    """
    period = max(2, round(1 / share))
    cut: list[tuple[int, int, int, bool]] = []
    for index, segment in enumerate(segments):
        count = max(period, min(5 * period, len(segment) // max(1, shortest)))
        edges = np.linspace(0, len(segment), count + 1).astype(int)
        for block, (begin, end) in enumerate(itertools.pairwise(edges)):
            cut.append((index, int(begin), int(end), block % period == period // 2))
    return cut


def _generated(profile: Profile) -> Dataset:
    settings = profile.data.synthetic
    if settings is None:
        raise UserError(
            f"data/{profile.name}/: there is no recording, and profile {profile.name} has no "
            f"[data.synthetic]; record one, or give --data FILE.csv"
        )
    values = synthetic(profile, settings)
    record = {
        "kind": "synthetic",
        "description": f"synthetic, {settings.kind}, {settings.rows} rows, seed {settings.seed}",
        "date": None,
        "rows_used": len(values),
    }
    return _checked(profile, Dataset([values], ["synthetic"], record))


def _checked(profile: Profile, dataset: Dataset) -> Dataset:
    """The data in the profile's frames.

    Raises:
      UserError: nothing can be learnt from them.
    """
    _check_moves(dataset, profile.sensor.channels)
    if profile.frame is not None:
        dataset = _framed(profile, profile.frame, dataset)
        _check_moves(dataset, profile.value_names)
    if dataset.rows < _LEAST_ROWS:
        raise UserError(
            f"{dataset.record['description']}: too few to train on, at least {_LEAST_ROWS} are "
            "needed"
        )
    return dataset


def _check_moves(dataset: Dataset, names: Sequence[str]) -> None:
    if not dataset.rows:
        return
    values = np.concatenate(dataset.segments)
    for column, name in enumerate(names):
        if np.ptp(values[:, column]) == 0:
            raise UserError(
                f"{dataset.record['description']}: {name} is always {values[0, column]:g}; "
                f"a sensor that never changes teaches nothing"
            )


def _framed(profile: Profile, frame: Frame, dataset: Dataset) -> Dataset:
    """The same in frames."""
    interval_s, name = dataset.interval_s, dataset.record["description"]
    return dataclasses.replace(
        dataset,
        segments=frames.judged(profile, dataset.segments, interval_s, name),
        samples=dataset.segments,
        interval_s=None if interval_s is None else interval_s * frame.hop,
    )


def _name_date(path: Path) -> str | None:
    """A date in a recording's name, as the collector writes it."""
    match = re.search(r"(\d{4})-?(\d{2})-?(\d{2})", path.stem)
    return "-".join(match.groups()) if match else None


def _relative(path: Path) -> str:
    """Relative to the project where both are on one drive, with forward slashes."""
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(path.resolve(), PROJECT)).as_posix()
    return path.resolve().as_posix()
