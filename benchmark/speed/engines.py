"""One inference of the same network by our engine, by emlearn and by TFLM, side by side."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import compiler
from benchmark.speed import measured, network, tflm_source
from benchmark.speed.figures import Figure, absent
from benchmark.speed.measured import Output
from benchmark.speed.network import TYPES, Network
from project import commands
from project.errors import UserError
from project.paths import PROJECT
from training import arena

Samples = dict[str, list[float]]  # nanoseconds by type of network

_CLOSE: Final = 1e-5  # how far float32 outputs of two engines may be apart
_PYTHON_CALLS: Final = 200
_PYTHON_BATCHES: Final = 40  # at least: a difference wants a good median


def measure(folder: Path, tflm: Path | None, rounds: int, batches: int) -> list[Figure]:
    """Compiles, compares the outputs, then times; the engines take turns, `rounds` times.

    `tflm` is the source tree of TFLM, where there is one.

    Raises:
      UserError: there is no compiler, or two engines do not compute the same.
    """
    compiled = network.make()
    network.write_headers(compiled, folder)
    programs = {"dense": _dense(folder)}
    missing = {}
    try:
        programs["emlearn"] = _emlearn(compiled, folder)
    except ImportError as error:
        missing["emlearn"] = f"{error}; {commands.piow('--install', 'dev')}"
    if tflm is None:
        missing["tflm"] = f"{tflm_source.VARIABLE} is not set"
    else:
        programs["tflm"] = _tflm(tflm, folder)
    for name, program in programs.items():
        _compare(name, compiled, measured.run(program, 1), measured.run(programs["dense"], 1))

    times: dict[str, Samples] = {name: defaultdict(list) for name in programs}
    python: dict[str, Samples] = {"whole": defaultdict(list), "smallest": defaultdict(list)}
    tiny = network.smallest() if arena.available() else {}
    for _ in range(rounds):
        for name, program in programs.items():
            for kind, samples in measured.run(program, batches).times.items():
                times[name][kind] += samples
        for kind, model in tiny.items():
            inputs = compiled.inputs if kind == "float32" else compiled.codes
            calls = (_python(compiled.tflite[kind], inputs), _python(model, inputs[:, :1]))
            for whole, smallest in _in_turns(calls, max(batches, _PYTHON_BATCHES)):
                python["whole"][kind].append(whole)
                python["smallest"][kind].append(smallest)
    return [f for kind in TYPES for f in _figures(kind, times, python, missing)]


def _dense(folder: Path) -> Path:
    sources = [measured.SOURCES / "engines.cpp"]
    sources += sorted((PROJECT / "lib" / "Autoencoder" / "src").glob("*.cpp"))
    return compiler.link(compiler.compile_objects(sources, folder), folder / "engines")


def _emlearn(compiled: Network, folder: Path) -> Path:
    extra = ["-w", f"-I{network.write_emlearn_header(compiled, folder)}"]
    source = measured.SOURCES / "emlearn.cpp"
    return compiler.link([compiler.compile_object(source, folder, extra)], folder / "emlearn")


def _tflm(root: Path, folder: Path) -> Path:
    target = folder / "tflm"
    target.mkdir()
    objects = tflm_source.compile_objects(root, target, [compiler.command(), *compiler.flags()])
    own = PROJECT / "lib" / "TflmAutoencoder" / "src"
    extra = [*tflm_source.FLAGS, "-w", f"-I{own}", *tflm_source.includes(root)]
    objects.append(compiler.compile_object(measured.SOURCES / "tflm.cpp", folder, extra))
    return compiler.link(objects, folder / "tflm_program", tflm_source.LINK_FLAGS)


def _compare(name: str, compiled: Network, output: Output, ours: Output) -> None:
    """Raises UserError unless this engine computes the same network as ours and as TFLM."""
    # Without tflite-micro it is TensorFlow Lite that is asked, whose int8 rounds otherwise.
    rounding = 0.0 if arena.available() else 1.0
    for kind, values in output.values.items():
        expected = _expected(compiled, kind).ravel()
        close = _CLOSE * max(1.0, float(abs(expected).max())) if kind == "float32" else 0.0
        for what, other, allowed in (
            ("our engine", np.asarray(ours.values[kind]), close),
            ("TFLM", expected, max(close, rounding if kind == "int8" else 0.0)),
        ):
            error = float(abs(np.asarray(values) - other).max())
            if not error <= allowed:
                raise UserError(
                    f"{name} and {what} differ by {error:g} on the {kind} network: nothing is timed"
                )


def _expected(compiled: Network, kind: str) -> npt.NDArray[Any]:
    """By TFLM's interpreter from Python, or TensorFlow Lite's reference kernels."""
    from training import interpreter

    inputs = compiled.inputs if kind == "float32" else compiled.codes
    return interpreter.invoke(compiled.tflite[kind], inputs)


def _python(tflite: bytes, inputs: npt.NDArray[Any]) -> Callable[[int], None]:
    """One inference through the Python package: set_input, invoke and get_output."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=65536)
    rows = [row[None, :] for row in inputs]

    def call(index: int) -> None:
        interpreter.set_input(rows[index % len(rows)], 0)
        interpreter.invoke()
        interpreter.get_output(0)

    return call


def _in_turns(
    calls: tuple[Callable[[int], None], ...], batches: int
) -> Iterator[tuple[float, ...]]:
    """Nanoseconds of each call in one batch after the other: what slows one slows the other."""
    for batch in range(batches + 1):
        times = tuple(map(_batch, calls))
        if batch > 0:  # the first one warms up
            yield times


def _batch(call: Callable[[int], None]) -> float:
    start = time.perf_counter_ns()
    for index in range(_PYTHON_CALLS):
        call(index)
    return (time.perf_counter_ns() - start) / _PYTHON_CALLS


def _figures(
    kind: str, times: dict[str, Samples], python: dict[str, Samples], missing: dict[str, str]
) -> list[Figure]:
    section = f"One inference, 8-8-4-8-8 {kind}"

    def figure(title: str, name: str, samples: Sequence[float], note: str = "") -> Figure:
        return Figure(section, title, f"engines.{kind}.{name}", "ns", samples, note=note)

    def none(title: str, name: str, reason: str) -> Figure:
        return absent(section, title, f"engines.{kind}.{name}", "ns", reason)

    dense = figure("our engine", "dense_ns", times["dense"][kind])
    if "emlearn" in missing:
        emlearn = none("emlearn", "emlearn_ns", missing["emlearn"])
    elif kind == "int8":
        emlearn = none("emlearn", "emlearn_ns", "emlearn has no int8 network")
    else:
        emlearn = figure("emlearn", "emlearn_ns", times["emlearn"][kind])

    no_python = "tflite-micro has no wheel for this computer"
    whole, smallest = python["whole"][kind], python["smallest"][kind]
    if whole:
        raw = figure("TFLM, from Python", "tflm_python_ns", whole)
        binding = figure("the binding alone", "tflm_binding_ns", smallest, "a 1-1 network")
        alone = [sample - (binding.median or 0.0) for sample in whole]
        subtracted = figure("TFLM", "tflm_ns", alone, "from Python, less the binding")
        if (subtracted.median or 0.0) <= 0.0:
            subtracted = none("TFLM", "tflm_ns", "too much else ran on this computer meanwhile")
    else:
        raw = none("TFLM, from Python", "tflm_python_ns", no_python)
        binding = none("the binding alone", "tflm_binding_ns", no_python)
        reason = f"{no_python}, and {missing.get('tflm', '')}"
        subtracted = none("TFLM", "tflm_ns", reason)
    tflm = subtracted
    if "tflm" in times:
        tflm = figure("TFLM, C++", "tflm_ns", times["tflm"][kind])
    found = [dense, emlearn, tflm, raw, binding]
    return [*found, *_ratios(section, kind, dense, (emlearn, tflm))]


def _ratios(section: str, kind: str, dense: Figure, others: Sequence[Figure]) -> list[Figure]:
    """How many times as long another engine takes, of the medians."""
    return [
        Figure(
            section,
            f"{other.title}, against our engine",
            f"engines.{kind}.{other.key.rpartition('.')[2].removesuffix('_ns')}_ratio",
            "times",
            [other.median / dense.median],
            note=other.note,
        )
        for other in others
        if other.median and dense.median
    ]
