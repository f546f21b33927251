"""The layer tables of a dense network: as read from a .tflite, as written to C++, and run in NumPy.

A layer is a dictionary of plain values that a manifest can hold.
float32: inputs, outputs, activation, weights [outputs][inputs], bias [outputs].
int8: inputs, outputs, output_zero_point, low, high, weights, bias (input zero point folded in),
multiplier and shift [outputs], lookup [256] or None.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training import fixedpoint

Layer = dict[str, Any]
Floats = npt.NDArray[np.float32]

_ROWS: Final = 8192  # of int8 layers at a time, so that what they make fits a processor's cache


def _sigmoid(x: Floats) -> Floats:
    return np.float32(1) / (np.float32(1) + np.exp(-x))


_FUNCTIONS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, np.float32(0)),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
}


def run_float(layers: Sequence[Layer], inputs: Floats) -> Floats:
    """Network output [rows, outputs] of float32 layers for [rows, inputs]."""
    x = inputs.astype(np.float32)
    for layer in layers:
        weights = np.asarray(layer["weights"], dtype=np.float32)
        bias = np.asarray(layer["bias"], dtype=np.float32)
        x = _FUNCTIONS[layer["activation"]](x @ weights.T + bias)
    return x


def run_int8(layers: Sequence[Layer], inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Network output of int8 layers, equal to TensorFlow Lite Micro's to the last bit."""
    starts = range(0, max(len(inputs), 1), _ROWS)
    return np.concatenate([_run_int8(layers, inputs[i : i + _ROWS]) for i in starts])


def _run_int8(layers: Sequence[Layer], inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    x = inputs.astype(np.int64)
    for layer in layers:
        weights = np.asarray(layer["weights"], dtype=np.int64)
        multiplier = np.asarray(layer["multiplier"], dtype=np.int64)
        shift = np.asarray(layer["shift"], dtype=np.int64)
        accumulator = x @ weights.T + np.asarray(layer["bias"], dtype=np.int64)
        value = fixedpoint.multiply(accumulator, multiplier, shift) + layer["output_zero_point"]
        x = np.clip(value, layer["low"], layer["high"])
        if layer["lookup"]:
            x = np.asarray(layer["lookup"], dtype=np.int64)[x + 128]
    return x.astype(np.int8)


def quantize(values: Floats, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Real values to int8, half away from zero, in float32 as the firmware does.

    A value that is not a number becomes the zero point.
    """
    scaled = values.astype(np.float32) / np.float32(scale)
    whole = np.trunc(np.nan_to_num(scaled, nan=0.0, posinf=1e9, neginf=-1e9))
    # Not by adding a half before: what is just below it would be rounded by the sum itself.
    rounded = whole + np.where(np.abs(scaled - whole) >= 0.5, np.sign(scaled), np.float32(0))
    codes: npt.NDArray[np.int8] = np.clip(rounded + zero_point, -128, 127).astype(np.int8)
    return codes


def dequantize(values: npt.NDArray[np.int8], scale: float, zero_point: int) -> Floats:
    return ((values.astype(np.int32) - zero_point) * np.float32(scale)).astype(np.float32)


def run(layers: Sequence[Layer], quantization: dict[str, Any] | None, inputs: Floats) -> Floats:
    """Network output in real numbers, whatever the type of the layers."""
    if quantization is None:
        return run_float(layers, inputs)
    q = quantization
    codes = run_int8(layers, quantize(inputs, q["input_scale"], q["input_zero_point"]))
    return dequantize(codes, q["output_scale"], q["output_zero_point"])
