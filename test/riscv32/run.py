#!/usr/bin/env python3
"""Runs lib/ and the shared suites as 32-bit code, and counts instructions.

    python test/riscv32/run.py [--profile NAME] [suites|bench|size]

The code is compiled for rv32imc (the instruction set of the ESP32-C3: 32-bit pointers, no FPU, no
atomics) and runs in QEMU. Debian's packages suffice: gcc-riscv64-unknown-elf,
picolibc-riscv64-unknown-elf, qemu-system-misc, g++ (for its C++ headers).
Exit codes: 0 all passed, 1 something failed, 77 packages are missing.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
BUILD = PROJECT / ".pio" / "riscv32"
EXIT_SKIPPED = 77

# Libraries that need an operating system, a chip or TensorFlow.
NOT_PORTABLE = {"Esp32", "Host", "TflmAutoencoder"}

PREFIX = "riscv64-unknown-elf-"
PICOLIBC = Path("/usr/lib/picolibc/riscv64-unknown-elf")
MACHINE = ["-march=rv32imc", "-mabi=ilp32"]
COMPILE = (
    "-std=c++17 -O2 -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections "
    "-fdata-sections -ftls-model=local-exec -Wall -Wextra -Wshadow -Wconversion -Wdouble-promotion"
)
# QEMU's machine "virt" has its RAM at 0x80000000; half of it plays the flash.
LINK = (
    "--specs=picolibc.specs --crt0=semihost --oslib=semihost -Wl,--gc-sections "
    "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=4M "
    "-Wl,--defsym=__ram=0x80400000,--defsym=__ram_size=4M,--defsym=__stack_size=64K"
)
QEMU = (
    "qemu-system-riscv32 -machine virt -m 8M -bios none -display none -serial none -monitor none "
    "-semihosting-config enable=on,target=native -icount shift=0 -kernel"
)
TIMEOUT = 120  # seconds that a program may take


def missing_packages() -> list[str]:
    needed = {
        "g++": shutil.which("g++"),
        "gcc-riscv64-unknown-elf": shutil.which(PREFIX + "g++"),
        "picolibc-riscv64-unknown-elf": (PICOLIBC / "picolibc.specs").is_file(),
        "qemu-system-misc": shutil.which("qemu-system-riscv32"),
    }
    return [package for package, found in needed.items() if not found]


def system_includes() -> list[str]:
    """Flags for the headers of C and C++."""

    def ask(option: str) -> str:
        return subprocess.run(["g++", option], check=True, capture_output=True, text=True).stdout

    version = ask("-dumpversion").strip()
    system = [
        f"/usr/include/c++/{version}",
        f"/usr/include/{ask('-print-multiarch').strip()}/c++/{version}",
        str(PICOLIBC / "include"),
    ]
    return [f"-I{HERE / 'include'}", *(f"-isystem{path}" for path in system)]


def include_flags() -> list[str]:
    own = [BUILD / "include", PROJECT / "offline/unity/src", PROJECT / "src"]
    own += [folder / "src" for folder in libraries()]
    return [*(f"-I{path}" for path in own), *system_includes()]


def libraries() -> list[Path]:
    return sorted(path for path in PROJECT.glob("lib/*") if path.name not in NOT_PORTABLE)


def compile_file(source: Path, name: str, flags: list[str]) -> Path:
    target = BUILD / f"{name}.o"
    command = [
        PREFIX + "g++",
        *MACHINE,
        *COMPILE.split(),
        *flags,
        "-c",
        str(source),
        "-o",
        str(target),
    ]
    subprocess.run(command, check=True)
    return target


def run(source: Path, name: str, objects: list[Path], flags: list[str]) -> str:
    """Builds one program, runs it, shows and returns what it printed."""
    program = BUILD / f"{name}.elf"
    main = compile_file(source, name, flags)
    # gcc, not g++, which would link the libstdc++ that is not there.
    link = [
        PREFIX + "gcc",
        *MACHINE,
        *LINK.split(),
        *map(str, [main, *objects]),
        "-o",
        str(program),
    ]
    subprocess.run(link, check=True)
    print(f"--- {name}, 32 bit", flush=True)
    done = subprocess.run(
        [*QEMU.split(), str(program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # where semihosting writes to
        text=True,
        timeout=TIMEOUT,
    )
    print(done.stdout, flush=True)
    return done.stdout


# Everything that a program can ask of a detector.
USES_ALL = """\
#include <anomaly_detector.h>
using namespace anomaly;
Detector<NAME::Model> detector;
extern "C" float Use(const float (&sample)[NAME::Model::kChannels], uint8_t* bytes, size_t size) {
  const Verdict verdict = detector.Update(sample);
  detector.TakeFault();
  detector.Interrupt();
  detector.Learn(100);
  detector.Normal();
  detector.Forget();
  detector.SetThreshold(1.0f);
  detector.Save(bytes, size);
  detector.Load(bytes, size);
  return verdict.score + static_cast<float>(verdict.cause[0] + StateText(verdict.state)[0]);
}
"""


def size_of_package(profile: str) -> str:
    """Flash and RAM of a package with one model, without the C library, optimised for size."""
    made = BUILD / "package" / profile
    shutil.rmtree(made, ignore_errors=True)
    make = ["-m", "training", "package", "--profile", profile, "--out", str(made)]
    subprocess.run([sys.executable, *make], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    name = next(made.glob("src/anomaly/*_model.h")).name.removesuffix("_model.h")
    (made / "uses_all.cpp").write_text(USES_ALL.replace("NAME", name))
    flags = ["-Os", "-fno-asynchronous-unwind-tables", f"-I{made / 'src'}", *system_includes()]
    sources = [made / "uses_all.cpp", *sorted(made.glob("src/anomaly/*.cpp"))]
    objects = [compile_file(source, f"package_{source.stem}", flags) for source in sources]
    program = BUILD / "package.elf"
    link = [
        "-nostdlib",
        "-Wl,--gc-sections,-e,Use,--unresolved-symbols=ignore-all,--no-warn-rwx-segments",
    ]
    subprocess.run(
        [PREFIX + "gcc", *MACHINE, *link, *map(str, objects), "-o", str(program)], check=True
    )
    said = subprocess.run(
        [PREFIX + "size", str(program)], check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    text, data, bss = map(int, said.split()[:3])
    return f"size {profile}: {text + data} bytes of flash, {data + bss} of RAM"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "what", nargs="?", choices=("suites", "bench", "size"), help="default: the first two"
    )
    parser.add_argument("--profile", default="temperature")
    options = parser.parse_args()
    missing = missing_packages()
    if missing:
        print(f"Skipped: apt-get install {' '.join(missing)}")
        return EXIT_SKIPPED

    BUILD.mkdir(parents=True, exist_ok=True)
    if options.what == "size":
        print(size_of_package(options.profile))
        return 0
    export = ["-m", "training", "export", "--profile", options.profile, "--out", BUILD / "include"]
    subprocess.run([sys.executable, *map(str, export)], cwd=PROJECT, check=True)
    flags = include_flags()
    sources = [HERE / "runtime.cpp"]
    sources += [file for folder in libraries() for file in sorted(folder.glob("src/*.cpp"))]
    objects = [compile_file(source, f"lib_{source.stem}", flags) for source in sources]

    failed = []
    if options.what != "bench":
        for source in sorted(PROJECT.glob("test/shared/test_*/test_main.cpp")):
            name = source.parent.name
            output = run(source, name, objects, flags)
            if not re.search(r"^\d+ Tests 0 Failures", output, re.MULTILINE):
                failed.append(name)
    if options.what != "suites":
        run(HERE / "bench.cpp", "bench", objects, flags)
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed with status {error.returncode}: {' '.join(error.cmd)}")
