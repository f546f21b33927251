"""What people labelled "that was normal", as recordings for the training.

The window around such an event goes into data/<profile>/ in the form that `collect` writes, so that
the next build learns from it. What does not fit the profile is refused with its reason.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from project import commands
from project import profile as profiles
from project.errors import UserError
from project.profile import Profile
from server.store import Board, Cursor, Event, Store, Window
from training import data, fingerprint, recordings
from training.recordings import Recording

LEAST_FRAMES: Final = 10
PERIOD_SHARE: Final = 0.02  # by which the board's period may differ from the profile's
_PREFIX: Final = "normal-"


def pull(store: Store, wanted: str | None) -> int:
    """Writes what is labelled normal, of one profile or of each; 1 if nothing could be taken."""
    taken: dict[str, list[Path]] = {}
    refused: list[str] = []
    there = 0
    boards = {board.id: board for board in store.boards()}
    for event in _labelled(store):
        board = boards[event.board]
        if wanted is not None and board.profile != Path(wanted).stem:
            continue
        try:
            profile = profiles.load(profiles.find(wanted or board.profile or "?"))
            path = profile.home / f"{_PREFIX}{event.board}-{event.boot}-{event.seq}.csv"
            if path.exists():
                there += 1
                continue
            window = store.window(event.board, event.boot, event.seq)
            _write(profile, board, event, window, path)
            taken.setdefault(profile.name, []).append(path)
        except UserError as error:
            refused.append(f"event {event.boot}/{event.seq} of {event.board}: {error}")
    _check_together(taken)
    return _say(taken, there, refused)


def _labelled(store: Store) -> Iterator[Event]:
    before: Cursor | None = None
    while page := store.events(before=before, limit=200, label="normal"):
        yield from page
        before = (page[-1].t, page[-1].board, page[-1].boot, page[-1].seq)


def _write(profile: Profile, board: Board, event: Event, window: Window | None, path: Path) -> None:
    """Raises UserError if the window is no recording for this profile."""
    if window is None:
        raise UserError("its window did not come")
    if profile.frame is not None:
        raise UserError(f"profile {profile.name} has frames, of which a window has one value each")
    if len(profile.sensor.channels) != 1:
        raise UserError(f"profile {profile.name} has several channels, and a window has the first")
    if board.unit != profile.sensor.units[0]:
        unit = profile.sensor.units[0]
        raise UserError(f"the board's unit is {board.unit or 'none'}, the profile's {unit}")
    period_us = 1e6 / profile.sampling.rate_hz
    if abs(window.dt_us - period_us) > PERIOD_SHARE * period_us:
        raise UserError(
            f"the board reads every {window.dt_us / 1e6:g} s, the profile every "
            f"{period_us / 1e6:g} s"
        )
    if not _own_recordings(profile):
        collect = commands.pio("run", "-t", "collect")
        raise UserError(
            f"data/{profile.name}/ has no recording yet, and the window of an event must not be "
            f"all that a model learns from: record normal data first ({collect})"
        )
    frames = [(at, v) for at, v in zip(window.at, window.values, strict=True) if v is not None]
    if len(frames) < LEAST_FRAMES:
        raise UserError(f"its window has {len(frames)} readings, too few")
    at, values = zip(*frames, strict=True)
    recording = Recording(
        name=f"board {event.board}, event {event.boot}/{event.seq}, labelled normal by "
        f"{event.label_by or '?'}",
        channels=profile.sensor.channels,
        values=np.array(values, dtype=np.float64)[:, np.newaxis],
        micros=event.t * 1000 + np.array(at, dtype=np.int64) * window.dt_us,
        dated=True,
        interval_s=window.dt_us / 1e6,
        starts=(0,),
        left_out={},
        malformed=(),
        columns={},
        notes=(),
    )
    recordings.write_plain(recording, profile, path)
    try:
        recordings.read(path, profile)
    except UserError as error:
        path.unlink()
        raise UserError(str(error).removeprefix(f"{path}: ")) from error


def _own_recordings(profile: Profile) -> list[Path]:
    """Those that were not pulled."""
    found = fingerprint.recordings(profile)
    return [path for path in found if not path.name.startswith(_PREFIX)]


def _check_together(taken: dict[str, list[Path]]) -> None:
    """Raises UserError, and takes the new ones back, if the training would refuse the whole."""
    for name, paths in taken.items():
        try:
            data.own(profiles.load(profiles.find(name)))
        except UserError as error:
            for path in paths:
                path.unlink(missing_ok=True)
            raise UserError(
                f"with the new recordings there could be no training: {error}"
            ) from error


def _say(taken: dict[str, list[Path]], there: int, refused: list[str]) -> int:
    for name, paths in sorted(taken.items()):
        rows = f"{len(paths)} window{'s' * (len(paths) > 1)} labelled normal"
        print(f"Pulled {rows} into data/{name}/: the next build learns from them.")
    for sentence in refused:
        print(f"Not taken: {sentence}.")
    if not taken and not refused:
        print("Nothing new: " + (f"{there} pulled before." if there else "no label says normal."))
    return 1 if refused and not taken else 0
