"""Sound as a WAV file while it grows: 16-bit PCM, one channel or several."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

LARGEST = 1 << 31  # bytes of samples; the format ends at twice as many


class WaveWriter:
    """Writes a file whose head is right after each flush, whatever comes then."""

    def __init__(self, path: Path, rate_hz: int, channels: int, about: str) -> None:
        self.path = path
        self.bytes = 0
        text = about.encode("ascii", "replace") + b"\0"
        comment = b"INFOICMT" + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
        self._head = struct.pack(
            "<4sIHHIIHH4sI", b"fmt ", 16, 1, channels, rate_hz, 2 * channels * rate_hz,
            2 * channels, 16, b"LIST", len(comment),
        ) + comment  # fmt: skip
        self._file = path.open("xb")
        self._write_head()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self.bytes += len(data)

    def flush(self) -> None:
        self._file.seek(0)
        self._write_head()
        self._file.seek(0, os.SEEK_END)
        self._file.flush()

    def close(self) -> None:
        self.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def abandon(self) -> None:
        """Close without a further word, where writing has failed."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _write_head(self) -> None:
        size = 4 + len(self._head) + 8 + self.bytes
        self._file.write(b"RIFF" + struct.pack("<I", size) + b"WAVE" + self._head)
        self._file.write(b"data" + struct.pack("<I", self.bytes))
