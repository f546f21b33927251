"""The whole path of a profile on this computer, its parts, and how many bytes everything takes."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmark import compiler
from benchmark.speed import measured
from benchmark.speed.figures import Figure, absent
from project.paths import PROJECT
from training.manifest import Manifest

# ".data.rel.ro" is constant, too: pointers that are only set when the program starts.
_SECTION: Final = re.compile(r"^\.(data\.rel\.ro|\w+)\S*\s+(\d+)\s+\d+$", re.MULTILINE)
_CONSTANTS: Final = ("rodata", "data.rel.ro", "rdata")
_STATIC: Final = ("data", "bss", "tdata", "tbss")


def measure(
    headers: Path, folder: Path, found: Manifest, rounds: int, batches: int
) -> list[Figure]:
    """`headers` holds model_config.h; objects and programs go there too.

    Raises:
      UserError: there is no compiler, or the sources do not compile.
    """
    objects = {
        library.parent.name: compiler.compile_objects(sorted(library.glob("*.cpp")), headers)
        for library in compiler.libraries()
    }
    summary = compiler.compile_object(PROJECT / "src" / "RunSummary.cpp", headers)
    main = compiler.compile_object(measured.SOURCES / "path.cpp", headers)
    everything = [main, summary, *(file for files in objects.values() for file in files)]
    program = compiler.link(everything, folder / "path")
    outputs = [measured.run(program, batches) for _ in range(rounds)]
    times = {
        name: [sample for output in outputs for sample in output.times[name]]
        for name in outputs[0].times
    }
    tables = compiler.compile_object(measured.SOURCES / "tables.cpp", headers)
    return [*_speed(times), *_bytes(found, tables, objects, outputs[0])]


def _speed(times: dict[str, list[float]]) -> list[Figure]:
    section = "Whole path: reading, features, network, verdict, line of text"
    rate = Figure(
        section,
        "samples a second",
        "whole_path_samples_per_s",
        "samples/s",
        [1e9 / sample for sample in times["whole_path"]],
    )
    whole = Figure(section, "one sample", "whole_path_ns", "ns", times["whole_path"])

    def part(title: str, key: str, samples: Sequence[float]) -> Figure:
        return Figure(section, f"of it {title}", f"parts_ns.{key}", "ns", samples)

    features = part("features", "features", times["features"])
    alone = [sample - (features.median or 0.0) for sample in times["detector_with_features"]]
    parts = [
        features,
        part("the engine", "engine", times["engine"]),
        part("scaling, score, state", "detector", alone),
        part("formatting", "formatting", times["formatting"]),
    ]
    known = sum(part.median or 0.0 for part in parts)
    rest = part("the rest", "rest", [(whole.median or 0.0) - known])
    return [rate, whole, *parts, rest]


def _bytes(
    found: Manifest, tables: Path, objects: dict[str, list[Path]], output: measured.Output
) -> list[Figure]:
    section = "Bytes"

    def figure(title: str, key: str, value: float) -> Figure:
        return Figure(section, title, f"bytes.{key}", "bytes", [value])

    figures = [
        figure("model (.tflite)", "model", found["model"]["bytes"]),
        figure("arena, on the chip", "arena_chip", found["model"]["arena"]["chip_size_bytes"]),
        figure("arena, on this computer", "arena_host", found["model"]["arena"]["host_size_bytes"]),
    ]
    for title, key in (
        ("RAM of the app", "app"),
        ("RAM of the features", "features"),
        ("RAM of the dense engine", "dense_engine"),
    ):
        figures.append(figure(title, f"ram.{key}", output.numbers[f"ram.{key}"]))
    sized = _sections([tables])
    if isinstance(sized, str):
        missing = [("tables", "tables"), ("code of the network", "network_code")]
        missing += [(f"static RAM of {name}", f"static_ram.{name}") for name in objects]
        return figures + [
            absent(section, title, f"bytes.{key}", "bytes", sized) for title, key in missing
        ]
    figures.insert(1, figure("tables and golden vectors", "tables", _total(sized, _CONSTANTS)))
    figures.insert(2, figure("code of the network", "network_code", _total(sized, ("text",))))
    for name, files in objects.items():
        sections = _sections(files) if files else Counter[str]()
        if not isinstance(sections, str):
            ram = _total(sections, _STATIC)
            figures.append(figure(f"static RAM of {name}", f"static_ram.{name}", ram))
    return figures


def _total(sections: Counter[str], names: Sequence[str]) -> int:
    return sum(sections[name] for name in names)


def _sections(files: Sequence[Path]) -> Counter[str] | str:
    """Bytes by kind of section over these object files, or why they are not known."""
    tool = shutil.which("size")
    if tool is None:
        return "there is no `size` in the PATH (binutils)"
    command = [tool, "-A", "-d", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    sizes: Counter[str] = Counter()
    for name, size in _SECTION.findall(done.stdout):
        sizes[name] += int(size)
    if done.returncode or not sizes:
        return "the `size` of this computer does not list sections"
    return sizes
