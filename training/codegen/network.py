"""The tables of a network: DenseModel.h."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from project import cpp

_ACTIVATIONS: Final = {
    "linear": "Activation::kLinear",
    "relu": "Activation::kRelu",
    "sigmoid": "Activation::kSigmoid",
    "tanh": "Activation::kTanh",
}


def tables(
    layers: Sequence[dict[str, Any]],
    quantization: dict[str, Any] | None,
    quantized: bool,
    unrolled: bool = True,
) -> str:
    """The tables of a network and the `DenseModel kDenseModel` that points to them; perhaps with
    the network unrolled, which is faster and larger."""
    write = _quantized_layer if quantized else _float_layer
    tables, rows = "", []
    for index, layer in enumerate(layers):
        table, row = write(index, layer)
        tables += table
        rows.append(row)
    if layers:
        kind = "QuantizedDenseLayer" if quantized else "DenseLayer"
        tables += cpp.aggregates(kind, "kLayers", rows)

    def of_kind(value: str, wants_int8: bool) -> str:
        return value if layers and quantized == wants_int8 else "nullptr"

    def made(wants_int8: bool) -> str:
        return of_kind("RunNetwork<kLayers>", wants_int8) if unrolled else "nullptr"

    scales = quantization or {}
    members: dict[str, cpp.Value] = {
        "layer_count": str(len(layers)),
        "layers": of_kind("kLayers", False),
        "quantized_layers": of_kind("kLayers", True),
        "input": _quantization(scales, "input"),
        "output": _quantization(scales, "output"),
        "run": made(False),
        "run_quantized": made(True),
    }
    return tables + cpp.aggregate("DenseModel", "kDenseModel", members)


def _quantization(scales: Mapping[str, Any], side: str) -> dict[str, str]:
    return {
        "scale": cpp.number(scales.get(f"{side}_scale", 0.0)),
        "zero_point": str(scales.get(f"{side}_zero_point", 0)),
    }


def _float_layer(index: int, layer: dict[str, Any]) -> tuple[str, dict[str, str]]:
    # Transposed: [inputs][outputs], so that the inner loop of the kernel runs over outputs.
    weights = [weight for column in zip(*layer["weights"], strict=True) for weight in column]
    tables = cpp.floats(f"kWeights{index}", weights) + cpp.floats(f"kBias{index}", layer["bias"])
    return tables, {
        "inputs": str(layer["inputs"]),
        "outputs": str(layer["outputs"]),
        "activation": _ACTIVATIONS[layer["activation"]],
        "weights": f"kWeights{index}",
        "bias": f"kBias{index}",
    }


def _quantized_layer(index: int, layer: dict[str, Any]) -> tuple[str, dict[str, str]]:
    weights = [weight for row in layer["weights"] for weight in row]
    tables = cpp.array("int8_t", f"kWeights{index}", map(str, weights))
    tables += cpp.array("int32_t", f"kBias{index}", map(str, layer["bias"]))
    tables += cpp.array("int32_t", f"kMultiplier{index}", map(str, layer["multiplier"]))
    tables += cpp.array("int8_t", f"kShift{index}", map(str, layer["shift"]))
    lookup = "nullptr"
    if layer["lookup"]:
        lookup = f"kLookup{index}"
        tables += cpp.array("int8_t", lookup, map(str, layer["lookup"]))
    return tables, {
        "inputs": str(layer["inputs"]),
        "outputs": str(layer["outputs"]),
        "output_zero_point": str(layer["output_zero_point"]),
        "low": str(layer["low"]),
        "high": str(layer["high"]),
        "weights": f"kWeights{index}",
        "bias": f"kBias{index}",
        "multiplier": f"kMultiplier{index}",
        "shift": f"kShift{index}",
        "lookup": lookup,
    }
