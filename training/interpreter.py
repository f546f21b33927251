"""Runs a .tflite in the real TensorFlow Lite Micro, or in TensorFlow Lite's reference kernels."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from training import arena


def name() -> str:
    """Which interpreter `invoke` uses here."""
    return "tflite-micro" if arena.available() else "tf.lite, reference kernels"


def invoke(tflite: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Outputs [rows, outputs] for inputs [rows, inputs], int8 or float32 as the model is."""
    if arena.available():
        return _micro(tflite, inputs)
    return _reference(tflite, inputs)


def _micro(tflite: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=10 * len(tflite) + 65536)
    rows = []
    for row in inputs:
        interpreter.set_input(row[None, :], 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0)[0].copy())
    return np.stack(rows)


def _reference(tflite: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its successor, LiteRT, is a further package to install
        interpreter = tf.lite.Interpreter(
            model_content=tflite,
            experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
        )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    rows = []
    for row in inputs:
        interpreter.set_tensor(source, row[None, :])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(target)[0].copy())
    return np.stack(rows)
