"""How much memory a model's interpreter needs: measured with the official tflite-micro package.

`AllocateTensors` wants more than what it keeps: it also builds its plan in the arena. An arena that
is too small does not always give an error, some sizes crash. So the least size is found by trying,
each size in a process of its own. That is the 64-bit need. The chip's is smaller, because half of
an arena is pointers: see `_CHIP_SHARE`.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.conversion import Converted
from training.errors import UserError

_ALIGNMENT: Final = 16
_MARGIN: Final = 64

# The least arena that works as 32-bit code on an ESP32 (esp-tflite-micro 1.4.0), as a share of what
# the 64-bit interpreter records as kept: measured 912 of 1264, 976 of 1376, 1200 of 1640 and 1424
# of 1888 bytes, so at most 0.755.
_CHIP_SHARE: Final = 0.76


@dataclass(frozen=True)
class Arena:
    """Bytes, each for an interpreter with 32-bit pointers (chip) and with 64-bit ones (host).

    Below `need` the interpreter must not be started; `size` is what to reserve.
    """

    chip_need_bytes: int
    host_need_bytes: int
    margin_bytes: int
    chip_size_bytes: int
    host_size_bytes: int
    recorded_bytes: int  # kept by the 64-bit interpreter; 0: not measured
    method: str


def available() -> bool:
    """Whether the real interpreter can be used here (its wheels are for Linux on x86-64 only)."""
    return importlib.util.find_spec("tflite_micro") is not None


def measure(tflite: bytes, converted: Converted) -> Arena:
    """Measures on this machine; where that is not possible, an upper bound stands in."""
    if not tflite:
        return _arena(0, 0, 0, 0, "No network, no arena")
    if not available():
        chip, host = upper_bound(converted)
        return _arena(chip, host, _MARGIN, 0, "An upper bound: tflite-micro is not available here")
    recorded, host = _measured(tflite)
    share = f"{_CHIP_SHARE} of the {recorded} bytes recorded there"
    method = f"Least by trying on 64 bits; on the chip {share}"
    return _arena(round(_CHIP_SHARE * recorded), host, _MARGIN, recorded, method)


def upper_bound(converted: Converted) -> tuple[int, int]:
    """(chip, host) bytes that any network of dense layers stays below.

    The constants are no structure sizes but what bounds the measured models, with room to spare.
    """
    layers = converted.layers
    quantized = converted.quantization is not None
    lookups = sum(layer["activation"] in ("sigmoid", "tanh") for layer in layers)
    operators = len(layers) + lookups
    tensors = 1 + 3 * len(layers) + lookups
    outputs = sum(layer["outputs"] for layer in layers)
    widest = max(layer["inputs"] + layer["outputs"] for layer in layers)
    chip = 480 + 24 * tensors + 112 * operators + widest * (1 if quantized else 4)
    if quantized:
        chip += 8 * outputs + 32 * operators
    return chip, 2 * chip


def _arena(chip: int, host: int, margin: int, recorded: int, method: str) -> Arena:
    chip, host = _aligned(chip), _aligned(host)
    return Arena(chip, host, margin, chip + margin, host + margin, recorded, method)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _measured(tflite: bytes) -> tuple[int, int]:
    """(recorded as kept, least working) arena bytes, found in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.tflite"
        model.write_bytes(tflite)
        result = subprocess.run(
            [sys.executable, "-m", "training.arena", str(model)],
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    kept = re.search(r"Arena allocation tail (\d+) bytes", result.stderr)
    if result.returncode or not kept:
        raise UserError(f"the arena could not be measured: {result.stderr.strip()[-300:]}")
    return int(kept[1]), int(json.loads(result.stdout))


def _main(path: Path) -> None:
    """Prints the least working size; what was recorded goes to stderr, from the C++ side."""
    tflite = path.read_bytes()
    recorded = _interpreter(tflite, 10 * len(tflite) + 65536)
    recorded.print_allocations()
    size = _ALIGNMENT
    working = 0
    # Sizes that work need not be one interval: the least of an unbroken run of working ones counts.
    while size < 65536 and working < 16:
        working = working + 1 if _works(tflite, size) else 0
        size += _ALIGNMENT
    print(json.dumps(size - working * _ALIGNMENT))


def _works(tflite: bytes, size: int) -> bool:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            _interpreter(tflite, size)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _interpreter(tflite: bytes, size: int) -> Any:
    """An interpreter with an arena of this size that has run once."""
    import numpy as np
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=size)
    details = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(details["shape"], details["dtype"]), 0)
    interpreter.invoke()
    return interpreter


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
