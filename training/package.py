"""A trained detector as a library for other people's projects: a folder that stands for itself.

Standard library only. It holds the files of lib/ that the facade `anomaly_detector.h` needs, as
they are; what was generated of each model; and what Arduino, PlatformIO, ESP-IDF and CMake want.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project import commands
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import codegen, files, folders, package_texts
from training.manifest import MODEL, Manifest
from training.packed import ROOT, Packed

ENGINES: Final = ("dense", "tflm")

# What Parts.h switches off without frames, and some linkers would keep nevertheless.
_OF_FRAMES: Final = ("Framer.cpp", "RealFft.cpp", "Windows.cpp")

_INCLUDE: Final = re.compile(r'^#include "([^"]+)"', re.MULTILINE)

# What a namespace cannot be called: words of C++, macros of Arduino, and what C and the chips'
# headers have at global scope, where each model has a short name.
_TAKEN: Final = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class compl concept const consteval constexpr constinit const_cast continue
    co_await co_return co_yield decltype default delete do double dynamic_cast else enum
    explicit export extern false float for friend goto if inline int long mutable namespace new
    noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires return short signed sizeof static static_assert static_cast struct
    switch template this thread_local throw true try typedef typeid typename union unsigned
    using virtual void volatile wchar_t while xor xor_eq linux unix anomaly std tflite
    model_config main setup loop bit bitClear bitRead bitSet bitToggle bitWrite boolean byte cli
    constrain degrees delay highByte interrupts lowByte max micros millis min noInterrupts
    radians random sei sq tone word yield abort abs accept access acos acosh alarm alloca
    asctime asin asinh assert atan atan2 atanh atexit atof atoi atol bind brk bsearch calloc
    cbrt ceil chdir chmod chown clearerr clock close connect copysign cos cosh creat ctime
    daemon difftime div dup dup2 environ erf erfc errno execl execv exit exp exp2 expm1 fabs
    fclose fdim feof ferror fflush fgetc fgets floor fma fmax fmin fmod fopen fork fprintf fputc
    fputs fread free frexp fscanf fseek ftell fwrite gamma getc getchar getenv getopt getpid
    gets gmtime hypot ilogb index ioctl isalnum isalpha isatty iscntrl isdigit isgraph isinf
    islower isnan isprint ispunct isspace isupper isxdigit j0 j1 jn kill labs ldexp ldiv lgamma
    link listen llabs lldiv localtime log log10 log1p log2 logb lrint lround lseek malloc mblen
    memchr memcmp memcpy memmove memset mktime modf nan nearbyint nice open pause perror pipe
    poll pow printf putc putchar putenv puts qsort raise rand read realloc recv remainder remove
    remquo rename rewind rindex rint rmdir round scalbn scanf select send setbuf setenv shutdown
    signal signbit sin sinh sleep socket sprintf sqrt srand srandom sscanf stat stderr stdin
    stdout stime strcat strchr strcmp strcpy strlen strstr strtok strtol swab swap symlink sync
    sysconf system tan tanh tgamma time timezone tmpfile tolower toupper trunc truncate tzname
    tzset umask ungetc unlink usleep vprintf wait write y0 y1 yn
    """.split()  # noqa: SIM905  a list would be longer
)


@dataclass(frozen=True)
class Source:
    """A profile and the folder of its model."""

    profile: Profile
    folder: Path
    found: Manifest


def find(profile: Profile, said: str, folder: Path | None) -> Source:
    """The model of a profile, which the command line calls `said`; `folder` if one was named.

    Raises:
      UserError: there is none, or it does not belong to the profile and its data.
    """
    place = folders.named(folder)
    looked = folders.look(profile, place) if place else folders.find(profile)
    if looked.manifest is None:
        words = ["train", "--profile", said, *(["--out", place] if place else [])]
        why = looked.reason.removesuffix("; train one").removesuffix("; train again")
        raise UserError(f"{why}; train it: {commands.piow(*words)}")
    return Source(profile, looked.folder, looked.manifest)


def default_folder(chosen: Sequence[Profile]) -> Path:
    """package/<profile>; of several, their names in one."""
    return PROJECT / "package" / "-".join(profile.name for profile in chosen)


def write(sources: Sequence[Source], engine: str, folder: Path) -> list[Packed]:
    """Writes a package of one or more models into `folder`, or brings the one there up to date.

    Raises:
      UserError: the folder has something else in it; two profiles have one name.
    """
    _refuse_others(folder)
    packed = [_packed(source, engine) for source in sources]
    names = [one.name for one in packed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        both = [one.profile.name for one in packed if one.name == twice]
        raise UserError(
            f"{' and '.join(both)} would both be called {twice}: rename one of the files"
        )
    has_frames = any(one.profile.frame for one in packed)
    library = [p for p in needed(engine) if has_frames or p.name not in _OF_FRAMES]
    code = {f"src/anomaly/{path.name}": path.read_bytes() for path in library}
    code |= {f"src/anomaly/{one.name}_model.h": one.header.encode() for one in packed}
    parts = codegen.parts_header([one.profile for one in packed])
    code["src/anomaly/Parts.h"] = parts.encode()
    sources_of_it = sorted(name for name in code if name.endswith(".cpp"))
    texts = package_texts.all_of(packed, engine, sources_of_it)
    contents = code | {name: text.encode() for name, text in texts.items()}
    contents["LICENSE"] = (PROJECT / "LICENSE").read_bytes()
    files.write_if_changed({folder / name: contents[name] for name in sorted(contents)})
    for path in (folder / "src" / "anomaly").iterdir():  # of what was packed before
        if f"src/anomaly/{path.name}" not in contents and path.suffix in (".h", ".cpp"):
            path.unlink()
    return packed


def needed(engine: str) -> list[Path]:
    """The files of lib/ that a package needs: what the facade and a generated header include, what
    those include, and the .cpp of each header."""
    here = {path.name: path for path in sorted((PROJECT / "lib").glob("*/src/*"))}
    return _closure([ROOT, *codegen.package_includes(engine)], here)


def _closure(roots: Iterable[str], here: dict[str, Path]) -> list[Path]:
    """Of a header declared in one file and defined in several, the others are found by what they
    include: `Name...cpp` of the room beside `Name.h`."""
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in here:
            continue
        path = found[name] = here[name]
        waiting += _INCLUDE.findall(path.read_text(encoding="utf-8"))
        if path.suffix == ".h":
            waiting += [
                other.name
                for other in path.parent.glob("*.cpp")
                if _defines(other, path) and other.name not in found
            ]
    return [found[name] for name in sorted(found)]


def _defines(source: Path, header: Path) -> bool:
    """By the style of lib/, the first header that a .cpp includes is that of what it defines."""
    first = _INCLUDE.search(source.read_text(encoding="utf-8"))
    return first is not None and first[1] == header.name


def identifier(profile: str) -> str:
    """What the namespace of a profile is called: its name, as far as C++ allows.

    A name in capitals is written small, as macros are in capitals.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "_", profile).strip("_")
    if name.isupper() or name in _names_of_library():
        name = name.lower()
    if not name or name[0].isdigit():
        name = f"model_{name}".rstrip("_")
    return f"{name}_model" if name in _TAKEN else name


def _names_of_library() -> set[str]:
    """Types, functions and constants of `namespace anomaly`: all begin with a capital or a k."""
    return {path.stem for path in (PROJECT / "lib").glob("*/src/*.h")} | {
        match
        for path in (PROJECT / "lib").glob("*/src/*.h")
        for match in re.findall(r"\b(?:[A-Z]\w+|k[A-Z]\w+)\b", path.read_text(encoding="utf-8"))
    }


def _packed(source: Source, engine: str) -> Packed:
    profile, found = source.profile, source.found
    name = identifier(profile.name)
    kind = engine if found["layers"] else "dense"
    tflite = (source.folder / MODEL).read_bytes()
    header = codegen.package_header(profile, found, name, kind, tflite)
    return Packed(profile, found, name, kind, header)


def _refuse_others(folder: Path) -> None:
    """A package is known by its header, which says that it was generated."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder}: is no folder; name another with --out")
    header = folder / package_texts.HEADER
    if header.is_file() and header.read_bytes().startswith(package_texts.MARK.encode()):
        return
    if any(folder.iterdir()):
        raise UserError(
            f"{folder}: has other files in it and is no package; name a new folder with --out"
        )


def told(packed: Sequence[Packed], folder: Path) -> list[str]:
    """What was written, in a few lines for the user."""
    lines = [f"{profiles.shown(folder)}: a library for Arduino, PlatformIO, ESP-IDF and CMake"]
    lines += [f"    anomaly::Detector<{one.name}::Model>  // {one.profile.name}" for one in packed]
    lines.append(f"How to use it: {profiles.shown(folder / 'README.md')}")
    return lines
