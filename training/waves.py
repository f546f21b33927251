"""Recordings of sound: WAV files of 16-bit PCM at the profile's rate, full scale being 1.

lib/Host reads them the same way (WaveInput), and refuses the same ones.
"""

import struct
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Profile
from training.wishes import Wishes

FULL_SCALE: Final = 32768
_PCM: Final = 1
_MOST_CHUNKS: Final = 1000

Samples = npt.NDArray[np.int16]


def is_wave(path: Path) -> bool:
    """Whether a file begins as one."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"RIFF"
    except OSError:
        return False


def read(path: Path, profile: Profile, wishes: Wishes) -> Samples:
    """The samples [rows, channels].

    Raises:
      UserError: it is no recording of this profile's sensor, or is damaged.
    """
    if not profile.sensor.input.is_sound:
        raise UserError(
            "a WAV file is a recording of a microphone, and the profile's sensor is none"
        )
    said = [f"--{name.removesuffix('_s')}" for name in wishes.record() if name != "rows"]
    if said:
        raise UserError(f"a WAV file says itself what is in it: leave {', '.join(said)} away")
    channels = len(profile.sensor.channels)
    try:
        with path.open("rb") as file:
            size = _find_samples(file, channels, profile.sampling.rate_hz)
            found = np.fromfile(file, "<i2", size // 2)
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror or error})") from error
    return found.reshape(-1, channels).astype(np.int16, copy=False)


def _find_samples(file: BinaryIO, channels: int, rate_hz: float) -> int:
    """Goes to the first sample; how many bytes they have."""
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise UserError("is no WAV file")
    knows_format = False
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            raise UserError("its head is damaged: it ends before its samples")
        name, size = struct.unpack("<4sI", chunk)
        following = file.tell() + size + size % 2
        if name == b"data":
            if not knows_format:
                raise UserError("its head is damaged: it does not say what its samples are")
            return _checked_size(size, end - file.tell(), channels)
        if name == b"fmt ":
            _check_format(file.read(16) if size >= 16 else b"", channels, rate_hz)
            knows_format = True
        if following > end:
            raise UserError("its head is damaged: it ends before its samples")
        file.seek(following)
    raise UserError(f"its head is damaged: it has more than {_MOST_CHUNKS} parts")


def _check_format(said: bytes, channels: int, rate_hz: float) -> None:
    if len(said) < 16:
        raise UserError("its head is damaged: it does not say what its samples are")
    format_, own, rate, _, _, bits = struct.unpack("<HHIIHH", said)
    if (format_, bits) != (_PCM, 16):
        raise UserError(f"has {bits} bits in format {format_}: export it as 16-bit PCM")
    if own != channels:
        raise UserError(f"has {own} channels, and the profile has {channels}: export it so")
    if rate != rate_hz:
        raise UserError(
            f"has {rate} samples a second, and the profile has {rate_hz:.9g}: resample it"
        )


def _checked_size(size: int, there: int, channels: int) -> int:
    if size > there or size % (2 * channels):
        raise UserError(
            f"is cut short: its head promises {size} bytes of samples, {there} are there"
        )
    if not size:
        raise UserError("holds no sample")
    return size
