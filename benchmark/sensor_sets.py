"""Recordings of accelerometers and microphones, as sets of normal data and anomalies.

Which is normal is said by the names, so another folder of the same layout can be given. A file or
an array that is not there is left out. What is trained on and what is judged never come from the
same part of a recording: they are halves of a session, or other recordings.
"""

import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError

Array = npt.NDArray[np.float64]

STEADY: Final = ("rain", "sea_waves", "clock_tick", "helicopter", "crackling_fire")
_LEVEL: Final = 0.05  # root mean square to which sounds are brought, full scale 1
_TREE_HZ: Final = 1000 / 3
_FAN_HZ: Final = 200
_LEARN_ROWS: Final = 60 * _FAN_HZ  # a minute
_TURNED: Final = 0.012  # g, from one second to the next: the base was moved
_LEAST_STILL: Final = 3  # seconds


@dataclass(frozen=True)
class Fold:
    """Samples [rows, channels] each: to train on, and to judge. Sets that are trained on the same
    have the same list. What is judged is from another mount where there is something to learn:
    the detector is fitted again to that, as `learn` does."""

    train: list[Array]
    normal: list[Array]
    anomalies: list[Array]
    learn: Array | None = None


@dataclass(frozen=True)
class Set:
    """`profile` is a file of the project. With `by_clip` a recording counts once, by its
    highest score; else every frame does. A set without anomalies shows false alarms alone."""

    name: str
    profile: str
    folds: tuple[Fold, ...]
    by_clip: bool


def read(folder: Path) -> list[Set]:
    """Every set that the folder has data for.

    Raises:
      UserError: there is none, or a file cannot be read.
    """
    found = [one for reader in _READERS for one in reader(folder)]
    if not found:
        raise UserError(
            f"{folder}: holds none of fan_esp32, tree_mpu6050, motion, wrist_esp32, esc10_16k"
        )
    return found


def _arrays(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file, none where there is no file."""
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: np.asarray(file[name], np.float64) for name in file.files}
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error


def _halves(x: Array) -> tuple[Array, Array]:
    return x[: len(x) // 2], x[len(x) // 2 :]


def _fan(folder: Path) -> Iterator[Set]:
    """A fan at some speeds: windows [windows, 200, 3] that follow each other."""
    arrays = _arrays(folder / "fan_esp32" / "fan.npz")
    whole = {name: windows.reshape(-1, 3) / 4096 for name, windows in arrays.items()}
    for name in sorted(whole):
        speed = name.removesuffix("0")
        if name != speed and f"{speed}1" in whole:
            train, normal = _halves(whole[name])
            fold = Fold([train], [normal], [whole[f"{speed}1"]])
            yield Set(f"fan_{speed}", "examples/fan.toml", (fold,), by_clip=False)
    yield from _mounts(whole)


def _mounts(whole: dict[str, Array]) -> Iterator[Set]:
    """A fan whose detector comes from another mount, or another speed, and learns for a minute."""
    for name in sorted(whole):
        speed, moved = name.removesuffix("0"), f"{name}m"
        others = [whole[other] for other in whole if other.endswith(("0", "0m")) and other != name]
        if name == speed or not others:
            continue
        learnt, rest = np.split(whole[name], [_LEARN_ROWS])
        if f"{speed}1" in whole and len(rest):
            fold = Fold(others[-1:], [rest], [whole[f"{speed}1"]], learnt)
            yield Set(f"fan_{speed}_learnt", "examples/fan.toml", (fold,), by_clip=False)
        if moved in whole:
            learnt, rest = np.split(whole[moved], [_LEARN_ROWS])
            fold = Fold([whole[name]], _between_moves(rest), [], learnt)
            yield Set(f"fan_{speed}_moved", "examples/fan.toml", (fold,), by_clip=False)


def _between_moves(samples: Array) -> list[Array]:
    """The parts [rows, 3] in which gravity stays where it is, second by second."""
    seconds = samples[: len(samples) // _FAN_HZ * _FAN_HZ].reshape(-1, _FAN_HZ, 3)
    turned = abs(np.diff(seconds.mean(axis=1), axis=0)).max(axis=1) > _TURNED
    moves = np.flatnonzero(turned)
    begins, ends = [0, *(moves + 2)], [*moves, len(seconds)]
    parts = [seconds[a:b] for a, b in zip(begins, ends, strict=True)]
    return [part.reshape(-1, 3) for part in parts if len(part) >= _LEAST_STILL]


def _tree(folder: Path) -> Iterator[Set]:
    """An accelerometer on a tree, polled: brought to one rate."""
    arrays = _arrays(folder / "tree_mpu6050" / "tree.npz")
    even = {name: _evenly(rows) for name, rows in arrays.items()}
    normal = [x for name, x in sorted(even.items()) if name.startswith("non_event")]
    kinds = sorted({name.partition("_")[0] for name in even if not name.startswith("non_event")})
    halves = normal[::2], normal[1::2]
    for kind in kinds if len(normal) > 1 else ():
        anomalies = [x for name, x in sorted(even.items()) if name.startswith(f"{kind}_")]
        folds = tuple(Fold(halves[i], halves[1 - i], anomalies) for i in range(2))
        yield Set(f"tree_{kind}", "examples/tree.toml", folds, by_clip=True)


def _evenly(rows: Array) -> Array:
    """Samples [rows, 3] in g at one rate, of milliseconds and counts [rows, 4]."""
    ms = np.unwrap(rows[:, 0], period=65536)
    grid = np.arange(ms[0], ms[-1], 1000 / _TREE_HZ)
    return np.stack([np.interp(grid, ms, axis / 16384) for axis in rows[:, 1:].T], axis=1)


def _motion(folder: Path) -> Iterator[Set]:
    """A phone: windows [windows, 62, 3], each by itself."""
    arrays = _arrays(folder / "motion" / "motion.npz")
    g = {name: windows / 1000 for name, windows in arrays.items()}
    if "train_idle" not in g:
        return
    first, held = _halves(g["train_idle"])
    train, normal = [first.reshape(-1, 3)], list(g.get("test_idle", held))
    part = "test_" if any(name.startswith("test_") for name in g) else "train_"
    for name in sorted(g):
        if name.startswith(part) and name != f"{part}idle":
            fold = Fold(train, normal, list(g[name]))
            label = name.removeprefix(part)
            yield Set(f"motion_{label}", "examples/motion.toml", (fold,), by_clip=False)


def _wrist(folder: Path) -> Iterator[Set]:
    """A wrist: recordings [rows, 3] with a date and a label each."""
    arrays = _arrays(folder / "wrist_esp32" / "wrist.npz")
    g = {name: rows / 16384 for name, rows in arrays.items()}
    idle = [x for name, x in sorted(g.items()) if name.rpartition("_")[2].startswith("idle")]
    labels = sorted({name.rpartition("_")[2] for name in g})
    halves = idle[::2], idle[1::2]
    # Some seconds each: one after another they are long enough to train on.
    trains = [[np.concatenate(half)] for half in halves if half]
    for label in labels if len(idle) > 1 else ():
        if not label.startswith("idle"):
            anomalies = [x for name, x in sorted(g.items()) if name.endswith(f"_{label}")]
            folds = tuple(Fold(trains[i], halves[1 - i], anomalies) for i in range(2))
            yield Set(f"wrist_{label}", "examples/wrist.toml", folds, by_clip=True)


def _sounds(folder: Path) -> Iterator[Set]:
    """Steady sounds, and the same with an event in them at equal strength.

    The first half of every clip of a sound is trained on, the second is judged.
    """
    clips: dict[str, list[Array]] = {}
    for path in sorted((folder / "esc10_16k").glob("*_*.wav")):
        clips.setdefault(path.stem.rpartition("_")[0], []).append(_sound(path))
    events = [name for name in clips if name not in STEADY]
    for background in (name for name in STEADY if name in clips):
        halves = [_halves(clip) for clip in clips[background]]
        train = _columns([np.concatenate([first for first, _ in halves])])
        judged = [second for _, second in halves]
        for event in events:
            mixed = [
                x + np.resize(clips[event][i % len(clips[event])], len(x))
                for i, x in enumerate(judged)
            ]
            fold = Fold(train, _columns(judged), _columns(mixed))
            name = f"esc10_{background}_{event}"
            yield Set(name, "profiles/microphone.toml", (fold,), by_clip=True)


def _columns(clips: list[Array]) -> list[Array]:
    return [clip[:, None] for clip in clips]


def _sound(path: Path) -> Array:
    """Samples [rows] of a WAV file of 16 bits, all files equally loud."""
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != 2 or file.getnchannels() != 1:
                raise UserError(f"{path}: is not one channel of 16 bits")
            x = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
    except (OSError, wave.Error, EOFError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    return np.asarray(x * (_LEVEL / max(float(np.sqrt(np.mean(x**2))), 1e-9)))


_READERS: Final[tuple[Callable[[Path], Iterator[Set]], ...]] = (
    _fan,
    _tree,
    _motion,
    _wrist,
    _sounds,
)
