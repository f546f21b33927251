#!/usr/bin/env python3
"""Fuzzes console, provisioning, CSV reader, the engine's tables, app and link with libFuzzer.

    python test/fuzz/run.py [SECONDS] [--harness NAME] [--profile NAME]
    python test/fuzz/run.py --replay        only the kept corpus, with any compiler

Each harness runs SECONDS (20) under AddressSanitizer and UndefinedBehaviorSanitizer. It starts from
test/fuzz/corpus/<harness> and from what earlier runs found interesting, in .pio/fuzz. An input that
makes one fail is kept there too; once the bug is mended it belongs into test/fuzz/corpus.
Exit codes: 0 no finding, 1 a finding, 77 clang or its libFuzzer is missing.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
BUILD = PROJECT / ".pio" / "fuzz"
# The longest input of each.
HARNESSES = {
    "console": 1024,
    "improv": 1024,
    "recording": 8192,
    "tables": 2048,
    "app": 512,
    "link": 2048,
}
EXIT_SKIPPED = 77

COMPILE = "-std=c++17 -g -fno-omit-frame-pointer"
WARNINGS = "-Wall -Wextra -Wshadow -Wconversion -Wdouble-promotion"
CHECKS = "address,undefined,float-cast-overflow"
NOT_FUZZED = {"Esp32", "TflmAutoencoder"}
OPTIONS = "-timeout=10 -rss_limit_mb=1024 -close_fd_mask=2 -print_final_stats=1"


def missing_packages() -> list[str]:
    if not shutil.which("clang++"):
        return ["clang", "libclang-rt-VERSION-dev"]
    ask = ["clang++", "--print-resource-dir"]
    folder = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    if list(folder.glob("lib/**/libclang_rt.fuzzer*")):
        return []
    return [f"libclang-rt-{folder.name.partition('.')[0]}-dev"]


class Builder:
    """Compiles the libraries once, then one harness after the other."""

    def __init__(self, compiler: str, checks: str, optimise: str) -> None:
        folders = [path / "src" for path in PROJECT.glob("lib/*") if path.name not in NOT_FUZZED]
        includes = [BUILD / "include", HERE, PROJECT / "src", *folders]
        self.folder = BUILD / compiler
        self.folder.mkdir(exist_ok=True)
        self.command = [compiler, *f"{COMPILE} {optimise} {WARNINGS} -fsanitize={checks}".split()]
        self.command += ["-fno-sanitize-recover=all", *(f"-I{folder}" for folder in includes)]
        sources = sorted(file for folder in folders for file in folder.glob("*.cpp"))
        self.libraries = [self.compile(source) for source in sources]

    def compile(self, source: Path) -> Path:
        target = self.folder / f"{source.parents[1].name}-{source.stem}.o"
        self.call("-c", source, "-o", target)
        return target

    def link(self, harness: str, *options: str | Path) -> Path:
        program = self.folder / harness
        objects = [self.compile(HERE / f"{harness}.cpp"), *self.libraries]
        self.call(*options, *objects, "-pthread", "-o", program)
        return program

    def call(self, *arguments: str | Path) -> None:
        subprocess.run([*self.command, *map(str, arguments)], check=True)


def corpus_of(harness: str) -> list[Path]:
    return sorted((HERE / "corpus" / harness).glob("*"))


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"}
    return subprocess.run(
        list(map(str, command)),
        cwd=BUILD,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def replay(builder: Builder, harness: str) -> bool:
    """Runs the kept inputs only."""
    kept = corpus_of(harness)
    program = builder.link(harness, HERE / "replay.cpp")
    done = run(program, *kept)
    print(f"{harness}: {len(kept)} kept inputs, status {done.returncode}", flush=True)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


def fuzz(builder: Builder, harness: str, seconds: int) -> bool:
    program = builder.link(harness, "-fsanitize=fuzzer")
    found = BUILD / "corpus" / harness
    findings = BUILD / "findings" / harness
    found.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(findings, ignore_errors=True)
    findings.mkdir(parents=True)
    command = [f"-max_total_time={seconds}", f"-max_len={HARNESSES[harness]}"]
    command += [*OPTIONS.split(), f"-dict={HERE / 'words.dict'}", f"-artifact_prefix={findings}/"]
    kept = HERE / "corpus" / harness
    done = run(program, *command, found, *([kept] if kept.is_dir() else []))
    ran = re.search(r"number_of_executed_units: (\d+)", done.stdout)
    covered = re.findall(r"cov: (\d+)", done.stdout)
    print(
        f"{harness}: {int(ran[1]) if ran else 0:,} inputs in {seconds} s, "
        f"{covered[-1] if covered else '?'} edges covered, "
        f"{'no finding' if done.returncode == 0 else 'A FINDING'}",
        flush=True,
    )
    if done.returncode:
        inputs = list(findings.iterdir())
        # Again without -close_fd_mask, which hides what the harness says.
        print(run(program, *inputs).stdout if inputs else done.stdout)
        print("\n".join(f"The input is {path}" for path in inputs))
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", nargs="?", type=int, default=20, help="per harness, default 20")
    parser.add_argument("--harness", choices=HARNESSES, action="append", help="default: all")
    parser.add_argument("--profile", default="temperature")
    parser.add_argument("--replay", action="store_true", help="run the kept inputs only")
    options = parser.parse_args()
    missing = [] if options.replay else missing_packages()
    if missing:
        print(f"Skipped: libFuzzer is missing: apt-get install {' '.join(missing)}")
        return EXIT_SKIPPED
    BUILD.mkdir(parents=True, exist_ok=True)
    export = [sys.executable, "-m", "training", "export", "--profile", options.profile]
    export += ["--out", str(BUILD / "include")]
    subprocess.run(export, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    names = options.harness or list(HARNESSES)
    if options.replay:
        builder = Builder("g++", CHECKS, "-O0")  # a few inputs: to compile is what takes long
        sound = [replay(builder, harness) for harness in names]
    else:
        builder = Builder("clang++", f"fuzzer-no-link,{CHECKS}", "-O2")
        sound = [
            fuzz(builder, harness, options.seconds) for harness in options.harness or HARNESSES
        ]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed with status {error.returncode}: {' '.join(map(str, error.cmd))}")
