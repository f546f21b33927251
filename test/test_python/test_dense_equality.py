"""DenseAutoencoder against the real interpreter of TensorFlow Lite Micro: int8 to the last bit."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from training import arena, codegen, conversion, fixedpoint, interpreter, layers, manifest
from training.conversion import Converted

pytestmark = pytest.mark.skipif(not arena.available(), reason="tflite-micro has no wheel here")

PlatformIO = Callable[..., subprocess.CompletedProcess[str]]

VECTORS = 10_000
NETWORKS = 60
ROWS = 200  # vectors for each of them


# --- real values to int8 ------------------------------------------------------------------------

QUANTIZE = """#include <cstdio>
#include "Autoencoder.h"
using namespace anomaly;
int main() {
  float row[3];
  while (std::fread(row, sizeof(row), 1, stdin) == 1) {
    const float code = Quantize(row[0], row[1], static_cast<int32_t>(row[2]));
    std::fwrite(&code, sizeof(code), 1, stdout);
  }
}
"""


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_numpy_and_firmware_round_alike(project: Path, tmp_path: Path) -> None:
    halves = np.arange(-140, 140, dtype=np.float32) + np.float32(0.5)
    near = [halves, np.nextafter(halves, np.float32(0)), np.nextafter(halves, np.float32(1e9))]
    special = np.array([0.49999997, -0.49999997, np.nan, np.inf, -np.inf, 3e38, -0.0], np.float32)
    for scale, zero_point in ((1.0, 0), (1.0, -128), (0.047, 3), (1e-30, 127)):
        reals = np.concatenate([*near, special]) * np.float32(scale if scale > 1e-9 else 1.0)
        rows = np.stack([reals, np.full_like(reals, scale), np.full_like(reals, zero_point)], 1)
        firmware = cpp_probe.run(
            tmp_path, QUANTIZE, [project / "lib/Autoencoder/src"], rows.astype(float)
        )
        with np.errstate(over="ignore", invalid="ignore"):
            assert layers.quantize(reals, scale, zero_point).tolist() == firmware[:, 0].tolist()


# --- the shipped models, through the program ----------------------------------------------------


def test_temperature_through_the_program(project: Path, program: Path) -> None:
    check_shipped_model("temperature", project, program)


def test_lesson_through_the_program(
    project: Path, project_copy: Path, platformio: PlatformIO
) -> None:
    built = platformio("run", "-e", "native", cwd=project_copy, ANOMALY_PROFILE="lesson")
    assert built.returncode == 0, built.stdout + built.stderr
    program = next((project_copy / ".pio" / "build" / "native").glob("program*"))
    check_shipped_model("lesson", project, program)


def check_shipped_model(name: str, project: Path, program: Path) -> None:
    folder = project / "models" / name
    found = manifest.load(folder)
    tflite = (folder / manifest.MODEL).read_bytes()
    random = np.random.default_rng(3)
    inputs = profiles.load(profiles.find(name)).feature_count
    quantized = found["quantization"] is not None
    if quantized:
        codes = random.integers(-128, 128, (VECTORS, inputs)).astype(np.int8)
        expected = interpreter.invoke(tflite, codes)
        got = reconstruct(program, codes, "--quantized").astype(np.int8)
        assert np.array_equal(got, expected)
        assert np.array_equal(layers.run_int8(found["layers"], codes), expected)
        q = found["quantization"]
        real = layers.dequantize(codes, q["input_scale"], q["input_zero_point"])
        output = layers.dequantize(expected, q["output_scale"], q["output_zero_point"])
        assert np.allclose(reconstruct(program, real), output, rtol=1e-6, atol=0)
    else:
        values = random.normal(0, 2, (VECTORS, inputs)).astype(np.float32)
        assert_close(reconstruct(program, values), interpreter.invoke(tflite, values))


def reconstruct(program: Path, vectors: npt.NDArray[Any], *flags: str) -> npt.NDArray[np.float64]:
    text = "\n".join(",".join(f"{v:.9g}" for v in row) for row in vectors.tolist())
    command = [str(program), "--reconstruct", *flags]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return np.array([[float(v) for v in line.split(",")] for line in done.stdout.splitlines()])


def assert_close(got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    """Within 1e-6 of the largest output."""
    assert got.shape == expected.shape
    scale = max(1e-6, float(abs(expected).max()))
    assert abs(got - expected).max() <= 1e-6 * scale


# --- random networks, all in one compiled program -----------------------------------------------


@dataclass(frozen=True)
class Network:
    tflite: bytes
    converted: Converted
    inputs: npt.NDArray[Any]
    expected: npt.NDArray[Any]


@pytest.fixture(scope="module")
def networks() -> list[Network]:
    random = np.random.default_rng(11)
    made = []
    for index in range(NETWORKS):
        quantized = index % 3 != 0
        per_channel = index % 2 == 0
        tflite = random_tflite(random, quantized, per_channel)
        converted = conversion.read(tflite)
        width = converted.layers[0]["inputs"]
        inputs: npt.NDArray[Any] = random.normal(0, 1.5, (ROWS, width)).astype(np.float32)
        if quantized:
            inputs = random.integers(-128, 128, (ROWS, width)).astype(np.int8)
        made.append(Network(tflite, converted, inputs, interpreter.invoke(tflite, inputs)))
    return made


def test_the_networks_are_as_various_as_they_should_be(networks: list[Network]) -> None:
    activations = {
        (n.converted.quantization is not None, layer["activation"])
        for n in networks
        for layer in n.converted.layers
    }
    assert activations == {
        (q, a) for q in (True, False) for a in ("linear", "relu", "sigmoid", "tanh")
    }
    assert {len(n.converted.layers) for n in networks} == {1, 2, 3, 4}
    widths = {layer["inputs"] for n in networks for layer in n.converted.layers}
    assert {1, 32} <= widths
    outputs = [n.expected for n in networks if n.converted.quantization]
    assert np.mean([len(np.unique(o)) > 10 for o in outputs]) > 0.9


def test_numpy_equals_the_interpreter(networks: list[Network]) -> None:
    for network in networks:
        converted = network.converted
        if converted.quantization:
            got = layers.run_int8(converted.layers, network.inputs)
            assert np.array_equal(got, network.expected)
        else:
            got_float = layers.run_float(converted.layers, network.inputs)
            scale = max(1e-6, float(abs(network.expected).max()))
            assert abs(got_float - network.expected).max() <= 4e-6 * scale


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_cpp_equals_the_interpreter(networks: list[Network], project: Path, tmp_path: Path) -> None:
    program = compile_networks(project, tmp_path, networks)
    data = b"".join(network.inputs.tobytes() for network in networks)
    plain, fast = (
        subprocess.run([str(program), kernels], input=data, capture_output=True, check=True).stdout
        for kernels in ("plain", "fast")
    )
    assert plain == fast
    offset = 0
    for index, network in enumerate(networks):
        size = network.expected.nbytes
        part = fast[offset : offset + size]
        got = np.frombuffer(part, network.expected.dtype).reshape(network.expected.shape)
        offset += size
        if network.converted.quantization:
            assert np.array_equal(got, network.expected), f"network {index}"
        else:
            assert_close(got, network.expected)
    assert offset == len(fast)


MAIN = """
template <typename T>
void Run(DenseModel model, bool plain) {
  if (plain) {
    model.run = nullptr;
    model.run_quantized = nullptr;
  }
  DenseAutoencoder engine(model);
  if (engine.Load() != EngineStatus::kOk) std::exit(1);
  T input[kMaxLayerWidth];
  T output[kMaxLayerWidth];
  for (int row = 0; row < kRows; ++row) {
    const auto inputs = static_cast<size_t>(engine.input_size());
    if (std::fread(input, sizeof(T), inputs, stdin) != inputs) std::exit(2);
    if constexpr (sizeof(T) == 1) {
      if (engine.ReconstructQuantized(input, output) != EngineStatus::kOk) std::exit(3);
    } else {
      if (engine.Reconstruct(input, output) != EngineStatus::kOk) std::exit(4);
    }
    std::fwrite(output, sizeof(T), static_cast<size_t>(engine.output_size()), stdout);
  }
}
"""


def compile_networks(project: Path, folder: Path, networks: list[Network]) -> Path:
    code = "#include <cstdio>\n#include <cstdlib>\n#include <string_view>\n"
    code += '#include "DenseAutoencoder.h"\n#include "FastKernels.h"\nusing namespace anomaly;\n'
    code += f"constexpr int kRows = {ROWS};\n{MAIN}"
    calls = ""
    for index, network in enumerate(networks):
        converted = network.converted
        quantized = converted.quantization is not None
        tables = codegen.network.tables(converted.layers, converted.quantization, quantized)
        code += f"namespace network{index} {{\n{tables}}}\n"
        kind = "int8_t" if quantized else "float"
        calls += f"  Run<{kind}>(network{index}::kDenseModel, plain);\n"
    source = folder / "networks.cpp"
    plain = '  const bool plain = std::string_view(arguments[1]) == "plain";\n'
    source.write_text(code + f"int main(int, char** arguments) {{\n{plain}{calls}}}\n")
    library = project / "lib" / "Autoencoder" / "src"
    program = folder / "networks"
    command = ["g++", "-std=c++17", "-O1", "-I", library, source, *library.glob("*.cpp")]
    subprocess.run([*map(str, command), "-o", str(program)], check=True)
    return program


# --- a .tflite of random weights, without training ----------------------------------------------


def random_tflite(random: np.random.Generator, quantized: bool, per_channel: bool) -> bytes:
    """1 to 4 dense layers of 1 to 32 units, every activation, arbitrary scales and zero points."""
    from tensorflow.lite.python import schema_py_generated as schema

    depth = int(random.integers(1, 5))
    widths = [int(w) for w in random.choice([1, 2, 3, 7, 8, 16, 31, 32], depth + 1)]
    activations = [str(a) for a in random.choice(["linear", "relu", "sigmoid", "tanh"], depth)]
    maker = TfliteMaker(schema, random, quantized, per_channel)
    current = maker.tensor([1, widths[0]], 0.02, int(random.integers(-128, 128)))
    first = current
    for inputs, outputs, activation in zip(widths[:-1], widths[1:], activations, strict=True):
        current = maker.dense(current, inputs, outputs, activation)
    return maker.finish(first, current)


class TfliteMaker:
    def __init__(
        self, schema: Any, random: np.random.Generator, quantized: bool, per_channel: bool
    ) -> None:
        self.schema, self.random = schema, random
        self.quantized, self.per_channel = quantized, per_channel
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []

    def tensor(
        self,
        shape: list[int],
        scale: float | npt.NDArray[np.float32] = 1.0,
        zero_point: int = 0,
        content: npt.NDArray[Any] | None = None,
    ) -> int:
        schema = self.schema
        tensor = schema.TensorT()
        tensor.shape = shape
        kinds = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8}
        kinds["int32"] = schema.TensorType.INT32
        default = "int8" if self.quantized else "float32"
        tensor.type = kinds[default if content is None else str(content.dtype)]
        tensor.buffer = 0
        if content is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        if self.quantized:
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.atleast_1d(np.asarray(scale, np.float32))
            quantization.zeroPoint = np.full(len(quantization.scale), zero_point, np.int64)
            tensor.quantization = quantization
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def scale_of(self, tensor: int) -> np.float32:
        return np.float32(self.graph.tensors[tensor].quantization.scale[0])

    def dense(self, source: int, inputs: int, outputs: int, activation: str) -> int:
        random = self.random
        alone = activation in ("sigmoid", "tanh")
        if self.quantized:
            count = outputs if self.per_channel else 1
            scales = random.uniform(0.002, 0.02, count).astype(np.float32)
            weights = random.integers(-127, 128, (outputs, inputs)).astype(np.int8)
            bias = random.integers(-4000, 4000, outputs).astype(np.int32)
            filters = self.tensor([outputs, inputs], scales, 0, weights)
            biases = self.tensor([outputs], self.scale_of(source) * scales, 0, bias)
            # A scale that lets the result fill its range, most of the time.
            spread = float(self.scale_of(source) * scales.mean()) * 5000 * np.sqrt(inputs)
            scale = spread / 128 * float(random.uniform(0.3, 2))
        else:
            weights = random.normal(0, 1, (outputs, inputs)).astype(np.float32)
            bias = random.normal(0, 1, outputs).astype(np.float32)
            filters = self.tensor([outputs, inputs], content=weights)
            biases = self.tensor([outputs], content=bias)
            scale = 1.0
        target = self.tensor([1, outputs], scale, int(random.integers(-128, 128)))
        options = self.schema.FullyConnectedOptionsT()
        fused = self.schema.ActivationFunctionType
        options.fusedActivationFunction = fused.RELU if activation == "relu" else fused.NONE
        operator = self.operator("FULLY_CONNECTED", [source, filters, biases], target)
        operator.builtinOptionsType = self.schema.BuiltinOptions.FullyConnectedOptions
        operator.builtinOptions = options
        if not alone:
            return target
        ranges = {"sigmoid": (1 / 256, -128), "tanh": (1 / 128, 0)}
        result = self.tensor([1, outputs], *ranges[activation])
        self.operator({"sigmoid": "LOGISTIC", "tanh": "TANH"}[activation], [target], result)
        return result

    def operator(self, name: str, inputs: list[int], output: int) -> Any:
        code = getattr(self.schema.BuiltinOperator, name)
        known = [c.builtinCode for c in self.model.operatorCodes]
        if code not in known:
            entry = self.schema.OperatorCodeT()
            entry.builtinCode = entry.deprecatedBuiltinCode = code
            entry.version = 1
            self.model.operatorCodes.append(entry)
            known.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = known.index(code)
        operator.inputs, operator.outputs = inputs, [output]
        self.graph.operators.append(operator)
        return operator

    def finish(self, first: int, last: int) -> bytes:
        self.graph.inputs, self.graph.outputs = [first], [last]
        self.model.subgraphs = [self.graph]
        builder = self.schema.flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


# --- the pieces of the arithmetic ---------------------------------------------------------------


@pytest.mark.parametrize("operator", ["LOGISTIC", "TANH"])
def test_lookup_tables_equal_the_kernels_for_every_input(operator: str) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    random = np.random.default_rng(5)
    codes = np.arange(-128, 128, dtype=np.int8)[:, None]
    for _ in range(200):
        scale = float(np.float32(10 ** random.uniform(-4, 0.5)))
        zero_point = int(random.integers(-128, 128))
        maker = TfliteMaker(schema, random, True, False)
        source = maker.tensor([1, 1], scale, zero_point)
        target = maker.tensor(
            [1, 1], *((1 / 256, -128) if operator == "LOGISTIC" else (1 / 128, 0))
        )
        maker.operator(operator, [source], target)
        expected = interpreter.invoke(maker.finish(source, target), codes)[:, 0].tolist()
        table = {"LOGISTIC": fixedpoint.logistic_table, "TANH": fixedpoint.tanh_table}[operator]
        assert table(scale, zero_point) == expected, (scale, zero_point)


def test_multipliers_are_those_of_tensorflow_lite() -> None:
    assert fixedpoint.quantize_multiplier(0.5) == (1 << 30, 0)
    assert fixedpoint.quantize_multiplier(1.0) == (1 << 30, 1)
    assert fixedpoint.quantize_multiplier(0.0) == (0, 0)
    assert fixedpoint.quantize_multiplier(2.0**-40) == (0, 0)
    assert fixedpoint.quantize_multiplier(1 - 2.0**-40) == (1 << 30, 1)
