"""Keras model to .tflite, and what the .tflite says about itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from training import fixedpoint, quiet
from training.layers import Layer

if TYPE_CHECKING:
    from tensorflow import keras

_REPRESENTATIVE_ROWS: Final = 1000


@dataclass(frozen=True)
class Converted:
    """A .tflite read back: everything that an engine needs to know about it."""

    layers: list[Layer]
    quantization: dict[str, Any] | None  # input and output scale and zero point; None for float32
    operators: list[str]  # names in the schema, each once, in order of first use
    schema_version: int


def to_tflite(
    model: "keras.Model", representative: npt.NDArray[np.float32], quantize: bool
) -> bytes:
    """Converts a Keras model with a single row of input to float32 or to full int8.

    `representative` [rows, inputs] is normal network input; the ranges of int8 come from it.
    """
    import tensorflow as tf
    from tensorflow import keras

    row = keras.Input(batch_shape=(1, representative.shape[1]), name="features")
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(row, model(row)))
    if quantize:
        step = max(1, len(representative) // _REPRESENTATIVE_ROWS)

        def rows() -> Iterator[list[npt.NDArray[np.float32]]]:
            for row in representative[::step]:
                yield [row[None, :].astype(np.float32)]

        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = rows
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    with quiet.captured():
        converted = bytes(converter.convert())
    return _stripped(converted)


def _stripped(tflite: bytes) -> bytes:
    """Without the names, signatures and metadata that no interpreter reads: half of its bytes."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(tflite, 0))
    model.description = None
    model.metadata = None
    model.metadataBuffer = None
    model.signatureDefs = None
    graph = model.subgraphs[0]
    graph.name = None
    used = {0: 0}
    for tensor in graph.tensors:
        tensor.name = None
        tensor.shapeSignature = None
        if model.buffers[tensor.buffer].data is None:
            tensor.buffer = 0
        tensor.buffer = used.setdefault(tensor.buffer, len(used))
        if tensor.quantization is not None:
            tensor.quantization.min = tensor.quantization.max = None
    model.buffers = [model.buffers[old] for old in used]
    builder = schema.flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def read(tflite: bytes) -> Converted:
    """Reads the layers of a .tflite that is a chain of dense layers.

    Raises:
      UserError: it holds something else than FULLY_CONNECTED, RELU, LOGISTIC and TANH.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(tflite, 0))
    graph = model.subgraphs[0]
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    operators: list[str] = []
    layers: list[Layer] = []
    quantized = graph.tensors[graph.inputs[0]].type == schema.TensorType.INT8
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if name not in operators:
            operators.append(name)
        if name == "FULLY_CONNECTED":
            fused = operator.builtinOptions.fusedActivationFunction
            tensors = [
                graph.tensors[i] if i >= 0 else None
                for i in [*operator.inputs, operator.outputs[0]]
            ]
            fused_relu = fused == schema.ActivationFunctionType.RELU
            if fused not in (
                schema.ActivationFunctionType.NONE,
                schema.ActivationFunctionType.RELU,
            ):
                raise UserError(f"the .tflite fuses activation {fused}, which no engine here has")
            read_layer = _int8_layer if quantized else _float_layer
            layers.append(read_layer(model, tensors, fused_relu))
        elif name in ("RELU", "LOGISTIC", "TANH") and layers:
            tensor = graph.tensors[operator.inputs[0]]
            output = graph.tensors[operator.outputs[0]]
            _add_activation(layers[-1], name, tensor, output, quantized)
        else:
            raise UserError(f"the .tflite holds the operator {name}, which no engine here has")
    quantization = None
    if quantized:
        ends = {"input": graph.tensors[graph.inputs[0]], "output": graph.tensors[graph.outputs[0]]}
        quantization = {}
        for side, tensor in ends.items():
            quantization[f"{side}_scale"] = float(tensor.quantization.scale[0])
            quantization[f"{side}_zero_point"] = int(tensor.quantization.zeroPoint[0])
    return Converted(layers, quantization, operators, int(model.version))


def _buffer(model: Any, tensor: Any, kind: Any) -> npt.NDArray[Any]:
    return np.frombuffer(bytes(model.buffers[tensor.buffer].data), dtype=kind).reshape(
        tuple(tensor.shape)
    )


def _float_layer(model: Any, tensors: list[Any], relu: bool) -> Layer:
    weight_tensor = tensors[1]
    bias_tensor, _ = _bias_and_output(tensors)
    weights = _buffer(model, weight_tensor, np.float32)
    bias = np.zeros(len(weights), np.float32)
    if bias_tensor is not None:
        bias = _buffer(model, bias_tensor, np.float32)
    return {
        "inputs": weights.shape[1],
        "outputs": weights.shape[0],
        "activation": "relu" if relu else "linear",
        "has_bias": bias_tensor is not None,
        "scales": 1,
        "weights": weights.astype(float).tolist(),
        "bias": bias.astype(float).tolist(),
    }


def _int8_layer(model: Any, tensors: list[Any], relu: bool) -> Layer:
    input_tensor, weight_tensor = tensors[:2]
    bias_tensor, output_tensor = _bias_and_output(tensors)
    weights = _buffer(model, weight_tensor, np.int8).astype(np.int64)
    outputs = len(weights)
    bias = np.zeros(outputs, np.int64)
    if bias_tensor is not None:
        bias = _buffer(model, bias_tensor, np.int32).astype(np.int64)
    input_scale = np.float32(input_tensor.quantization.scale[0])
    output_scale = float(np.float32(output_tensor.quantization.scale[0]))
    scales = np.asarray(weight_tensor.quantization.scale, dtype=np.float32)
    if len(scales) == 1:
        # One scale for all weights: TFLM multiplies in float32 here, and in double below.
        factors = [float(input_scale * scales[0]) / output_scale] * outputs
    else:
        factors = [float(input_scale) * float(scale) / output_scale for scale in scales]
    pairs = [fixedpoint.quantize_multiplier(factor) for factor in factors]
    zero_point = int(output_tensor.quantization.zeroPoint[0])
    folded = bias - int(input_tensor.quantization.zeroPoint[0]) * weights.sum(axis=1)
    return {
        "inputs": weights.shape[1],
        "outputs": outputs,
        "activation": "relu" if relu else "linear",
        "has_bias": bias_tensor is not None,
        "scales": len(scales),
        "output_zero_point": zero_point,
        "low": max(-128, zero_point) if relu else -128,
        "high": 127,
        "weights": weights.tolist(),
        "bias": folded.tolist(),
        "multiplier": [pair[0] for pair in pairs],
        "shift": [pair[1] for pair in pairs],
        "lookup": None,
    }


def _bias_and_output(tensors: list[Any]) -> tuple[Any, Any]:
    return (tensors[2] if len(tensors) == 4 else None), tensors[-1]


def _add_activation(layer: Layer, name: str, tensor: Any, output: Any, quantized: bool) -> None:
    """Joins an activation that stands alone in the .tflite to the layer before it."""
    activation = {"RELU": "relu", "LOGISTIC": "sigmoid", "TANH": "tanh"}[name]
    if layer["activation"] != "linear":
        raise UserError(f"the .tflite holds {name} after another activation")
    layer["activation"] = activation
    if not quantized:
        return
    scale = float(np.float32(tensor.quantization.scale[0]))
    zero_point = int(tensor.quantization.zeroPoint[0])
    if activation == "sigmoid":
        layer["lookup"] = fixedpoint.logistic_table(scale, zero_point)
    elif activation == "tanh":
        layer["lookup"] = fixedpoint.tanh_table(scale, zero_point)
    else:
        raise UserError("the .tflite holds an int8 RELU that is not fused")
