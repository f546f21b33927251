"""Keras to .tflite, its tables, and the memory that it needs."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from project import profile as profiles
from project.errors import UserError
from project.profile import Network
from training import arena, conversion, interpreter, layers, network

SMALL = dataclasses.replace(
    profiles.load(profiles.find("temperature")).network,
    layers=(6, 2, 6),
    activations=("tanh", "linear", "relu"),
    output_activation="linear",
    steps=40,
)
WIDTH = 3


def make(settings: Network, quantize: bool) -> tuple[bytes, conversion.Converted]:
    inputs = np.random.default_rng(1).normal(0, 1, (500, WIDTH)).astype(np.float32)
    model, _ = network.train(settings, inputs, lambda done, total, loss: None)
    tflite = conversion.to_tflite(model, inputs, quantize)
    return tflite, conversion.read(tflite)


@pytest.fixture(scope="module", params=[False, True], ids=["float32", "int8"])
def made(request: pytest.FixtureRequest) -> tuple[bytes, conversion.Converted]:
    return make(SMALL, request.param)


def test_layers_operators_and_schema_are_read_from_the_flatbuffer(
    made: tuple[bytes, conversion.Converted],
) -> None:
    converted = made[1]
    shapes = [(layer["inputs"], layer["outputs"]) for layer in converted.layers]
    assert shapes == [(3, 6), (6, 2), (2, 6), (6, 3)]
    assert [x["activation"] for x in converted.layers] == ["tanh", "linear", "relu", "linear"]
    assert converted.operators == ["FULLY_CONNECTED", "TANH"]
    assert converted.schema_version == 3


def test_tables_in_numpy_give_what_the_interpreter_gives(
    made: tuple[bytes, conversion.Converted],
) -> None:
    tflite, converted = made
    inputs = np.random.default_rng(2).normal(0, 1, (300, WIDTH)).astype(np.float32)
    got = layers.run(converted.layers, converted.quantization, inputs)
    q = converted.quantization
    if q is None:
        assert np.allclose(got, interpreter.invoke(tflite, inputs), atol=3e-6)
        return
    codes = layers.quantize(inputs, q["input_scale"], q["input_zero_point"])
    expected = interpreter.invoke(tflite, codes)
    assert np.array_equal(
        got, layers.dequantize(expected, q["output_scale"], q["output_zero_point"])
    )


def test_the_reference_interpreter_stands_in_where_there_is_no_tflite_micro(
    made: tuple[bytes, conversion.Converted], monkeypatch: pytest.MonkeyPatch
) -> None:
    tflite, converted = made
    inputs = np.random.default_rng(3).normal(0, 1, (50, WIDTH)).astype(np.float32)
    if converted.quantization is not None:
        q = converted.quantization
        codes = layers.quantize(inputs, q["input_scale"], q["input_zero_point"])
        expected = interpreter.invoke(tflite, codes)
        monkeypatch.setattr(arena, "available", lambda: False)
        difference = interpreter.invoke(tflite, codes).astype(int) - expected
        assert abs(difference).max() <= 1
    else:
        expected = interpreter.invoke(tflite, inputs)
        monkeypatch.setattr(arena, "available", lambda: False)
        assert np.allclose(interpreter.invoke(tflite, inputs), expected, atol=1e-5)
    assert interpreter.name() == "tf.lite, reference kernels"


@pytest.mark.skipif(not arena.available(), reason="tflite-micro has no wheel here")
def test_the_arena_on_the_host_is_the_least_that_works(
    made: tuple[bytes, conversion.Converted],
) -> None:
    tflite, converted = made
    measured = arena.measure(tflite, converted)
    assert works(tflite, measured.host_need_bytes)
    assert not works(tflite, measured.host_need_bytes - 16)
    assert measured.chip_size_bytes == measured.chip_need_bytes + measured.margin_bytes
    assert measured.chip_need_bytes < measured.host_need_bytes <= 2 * measured.chip_need_bytes


def dense(*widths: int, activations: str, bias: str, quantized: bool) -> conversion.Converted:
    """Just what the memory of a network depends on; l, r, s: linear, relu, sigmoid; 1: a bias."""
    names = {"l": "linear", "r": "relu", "s": "sigmoid"}
    layers_ = [
        {
            "inputs": inputs,
            "outputs": outputs,
            "activation": names[activation],
            "has_bias": has_bias == "1",
            "scales": outputs if quantized else 1,
        }
        for inputs, outputs, activation, has_bias in zip(
            widths[:-1], widths[1:], activations, bias, strict=True
        )
    ]
    quantization = {"input_scale": 1.0} if quantized else None
    return conversion.Converted(layers_, quantization, [], 3)


@pytest.mark.parametrize(
    ("converted", "least"),
    [
        (dense(1, 8, 1, activations="rs", bias="00", quantized=False), 912),
        (dense(1, 8, 1, activations="rs", bias="11", quantized=False), 992),
        (dense(1, 8, 1, activations="rs", bias="00", quantized=True), 976),
        (dense(8, 8, 4, 8, 8, activations="rlrl", bias="0000", quantized=False), 1200),
        (dense(8, 8, 4, 8, 8, activations="rlrl", bias="1111", quantized=False), 1344),
        (dense(8, 8, 4, 8, 8, activations="rlrl", bias="0000", quantized=True), 1424),
        (dense(8, 8, 4, 8, 8, activations="rlrl", bias="1010", quantized=True), 1504),
        (dense(8, 8, 4, 8, 8, activations="rlrl", bias="1111", quantized=True), 1568),
    ],
)
def test_the_arena_on_the_chip_is_what_was_measured_there_or_a_little_more(
    converted: conversion.Converted, least: int
) -> None:
    """Least working sizes of esp-tflite-micro 1.4.0 as 32-bit code."""
    assert least <= arena.least_on_chip(converted) <= least + 16


def works(tflite: bytes, size: int) -> bool:
    """Whether the interpreter runs in an arena of this size, in a process that may crash."""
    code = (
        "import sys; from training import arena;"
        f"arena._interpreter(sys.stdin.buffer.read(), {size})"
    )
    root = Path(arena.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], input=tflite, cwd=root, capture_output=True)
    return done.returncode == 0


def test_names_and_metadata_are_gone_and_alignment_is_kept(
    made: tuple[bytes, conversion.Converted],
) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(made[0], 0))
    assert not model.metadata
    assert not model.signatureDefs
    assert all(not tensor.name for tensor in model.subgraphs[0].tensors)
    raw = schema.Model.GetRootAsModel(made[0], 0)
    for index in range(raw.BuffersLength()):
        buffer = raw.Buffers(index)
        if buffer.DataLength():
            start = buffer._tab.Vector(buffer._tab.Offset(4))
            assert start % 4 == 0


def test_an_operator_that_no_engine_has_is_named() -> None:
    inputs = np.ones((10, WIDTH), np.float32)
    from tensorflow import keras

    row = keras.Input((WIDTH,))
    model = keras.Model(row, keras.layers.Softmax()(keras.layers.Dense(3)(row)))
    with pytest.raises(UserError, match="operator SOFTMAX, which no engine here has"):
        conversion.read(conversion.to_tflite(model, inputs, False))
