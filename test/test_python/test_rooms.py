"""The rooms of lib/: an arrow goes down only, vendors stay outside, nothing grows long."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

# Ground floor first: a library includes what stands before it, and nothing else.
ROOMS: Final = (
    "Signal",
    "Platform",
    "Inputs",
    "Frontend",
    "Features",
    "Autoencoder",
    "TflmAutoencoder",
    "Detector",
    "AnomalyDetector",
    "Protocol",
    "Outputs",
    "Link",
    "App",
    "Esp32",
    "Host",
)
# Where headers of the chip's vendor and of TensorFlow may be included.
OF_VENDORS: Final = ("Esp32", "TflmAutoencoder")
MOST_LINES: Final = 320
MOST_LINES_OF_A_FUNCTION: Final = 60

INCLUDE: Final = re.compile(r'^#include (["<])([^">]+)[">]', re.MULTILINE)
GENERATED: Final = {"model_config.h", "model_data.h"}
# What a C++ compiler brings, and the operating systems of the host.
STANDARD: Final = re.compile(
    r"c?[a-z_]+|(arpa|netinet|sys)/[a-z]+\.h|(fcntl|poll|termios|unistd|io|winsock2|ws2tcpip)\.h"
)


def sources(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.h"), *folder.glob("*.cpp")])


def owners(project: Path) -> dict[str, str]:
    return {header.name: header.parent.parent.name for header in project.glob("lib/*/src/*.h")}


def included(file: Path) -> list[str]:
    return [match[2] for match in INCLUDE.finditer(file.read_text(encoding="utf-8"))]


def test_the_rooms_are_those_of_lib(project: Path) -> None:
    assert {folder.parent.name for folder in project.glob("lib/*/library.json")} == set(ROOMS)
    assert len(owners(project)) == len(list(project.glob("lib/*/src/*.h"))), "two headers, one name"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_what_is_below_and_says_so(project: Path, room: str) -> None:
    owner = owners(project)
    files = sources(project / "lib" / room / "src")
    used = {owner[name] for file in files for name in included(file) if name in owner} - {room}
    assert used <= set(ROOMS[: ROOMS.index(room)])
    manifest = json.loads((project / "lib" / room / "library.json").read_text(encoding="utf-8"))
    assert [item["name"] for item in manifest.get("dependencies", [])] == sorted(used)


def test_vendors_are_known_in_two_rooms_only(project: Path) -> None:
    own = owners(project).keys() | GENERATED | {f.name for f in project.glob("src/*.h")}
    wrong = [
        f"{file.relative_to(project)}: {name}"
        for room in (*ROOMS, "src")
        if room not in OF_VENDORS
        for file in sources(project / ("src" if room == "src" else f"lib/{room}/src"))
        if file.name != "main_esp32.cpp"  # the chip's own program
        for name in included(file)
        if name not in own and not STANDARD.fullmatch(name)
    ]
    assert wrong == []


def test_no_header_is_one_of_the_system_on_a_computer_that_ignores_case(project: Path) -> None:
    system = {f"{name}.h" for name in ("features", "limits", "signal", "memory", "string", "math")}
    assert {name.lower() for name in owners(project)} & system == set()


@pytest.mark.parametrize("folder", [*(f"lib/{room}/src" for room in ROOMS), "src"])
def test_no_file_and_no_function_is_long(project: Path, folder: str) -> None:
    long = []
    for file in sources(project / folder):
        lines = file.read_text(encoding="utf-8").splitlines()
        if len(lines) >= MOST_LINES:
            long.append(f"{file.name}: {len(lines)} lines")
        long += [f"{file.name}: {name}, {size} lines" for name, size in functions(lines)]
    assert long == []


def functions(lines: list[str]) -> list[tuple[str, int]]:
    """Functions longer than allowed: from a line that opens a body to the brace below its start."""
    found = []
    for first, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        opens = line.endswith("{") and not line.lstrip().startswith(
            ("namespace", "class", "struct")
        )
        if not opens or indent > 2 or "=" in line or "enum" in line:
            continue
        last = next(i for i in range(first, len(lines)) if lines[i].startswith(" " * indent + "}"))
        if last - first + 1 > MOST_LINES_OF_A_FUNCTION:
            found.append((line.strip(), last - first + 1))
    return found


def test_a_long_function_is_found() -> None:
    body = ["  x();"] * 60
    assert functions(["void A() {", *body, "}"]) == [("void A() {", 62)]
    assert functions(["void A() {", *body[:58], "}"]) == []
