"""How much memory a model's interpreter needs.

`AllocateTensors` wants more than what it keeps: it also builds its plan in the arena. An arena that
is too small does not always give an error, some sizes crash. For 64-bit pointers (this computer)
the least size is found by trying with the official tflite-micro package, each size in a process of
its own. For 32-bit pointers (the chip) it is computed: see `least_on_chip`.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from project.errors import UserError
from training.conversion import Converted

_ALIGNMENT: Final = 16
_MARGIN: Final = 32


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
    method: str


def available() -> bool:
    """Whether the real interpreter can be used here (its wheels are for Linux on x86-64 only)."""
    return importlib.util.find_spec("tflite_micro") is not None


def measure(tflite: bytes, converted: Converted, by_trying: bool = True) -> Arena:
    """The need of both: measured where that is possible, an upper bound where it is not.

    `by_trying` False: the bound at once. To try takes half of a short training, and only a chip
    needs to know.
    """
    chip = least_on_chip(converted)
    if by_trying and available():
        host, how = _least_by_trying(tflite), "measured by trying"
    else:
        host, how = 2 * chip, "an upper bound, not tried here"
    method = f"32-bit pointers: computed; 64-bit pointers: {how}"
    return Arena(chip, host, _MARGIN, chip + _MARGIN, host + _MARGIN, method)


def least_on_chip(converted: Converted) -> int:
    """Bytes that AllocateTensors needs with 32-bit pointers, for a chain of dense layers.

    The larger of what is there while a layer is prepared and while the memory plan is made. The
    numbers were fitted to the least working sizes of 400 random networks (1 to 4 layers of 1 to 32
    units, every activation, with and without bias) in esp-tflite-micro 1.4.0, compiled as 32-bit
    code: never below, 12 bytes above on average, and exact for networks like the shipped ones.
    """
    layers, quantized = converted.layers, converted.quantization is not None
    lookups = sum(layer["activation"] in ("sigmoid", "tanh") for layer in layers)
    tensors = 1 + lookups + sum(3 if layer["has_bias"] else 2 for layer in layers)
    per_output = preparing = 0
    for layer in layers:
        if quantized and layer["scales"] > 1:
            per_output += 2 * _aligned(4 * layer["outputs"])
            zero_points = 4 * (layer["outputs"] + 1) * (2 if layer["has_bias"] else 1)
            preparing = max(preparing, per_output + zero_points)
    prepare = 520 + 12 * tensors + 92 * len(layers) + 44 * lookups + preparing
    plan = 337 + 32 * tensors + 144 * len(layers) + 96 * lookups + per_output
    return _aligned(max(prepare, plan))


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _least_by_trying(tflite: bytes) -> int:
    """Least working arena in bytes, found in a process that may crash on the way."""
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
    if result.returncode:
        raise UserError(f"the arena could not be measured: {result.stderr.strip()[-300:]}")
    return int(json.loads(result.stdout))


def _main(path: Path) -> None:
    """Prints the least working size."""
    import numpy  # noqa: F401  # both once, and not in each of the processes that try a size
    from tflite_micro.python.tflite_micro import runtime  # noqa: F401

    tflite = path.read_bytes()
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
