"""TensorFlow Lite for Microcontrollers, compiled for this computer from its sources.

TFLM_SOURCE_DIR names their root: esp-tflite-micro, or tflite-micro after `make -f
tensorflow/lite/micro/tools/make/Makefile third_party_downloads`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from project.errors import UserError

VARIABLE: Final = "TFLM_SOURCE_DIR"

# What its own build sets; the sources and everything that includes them must agree.
FLAGS: Final = (
    "-fno-exceptions",
    "-fno-rtti",
    "-ffunction-sections",
    "-fdata-sections",
    "-DTF_LITE_STATIC_MEMORY",
)
LINK_FLAGS: Final = ("-Wl,-dead_strip" if sys.platform == "darwin" else "-Wl,--gc-sections",)

# The interpreter and the kernels that a profile's network can use.
_SOURCES: Final = (
    "tensorflow/compiler/mlir/lite/core/api/error_reporter.cc",
    "tensorflow/compiler/mlir/lite/schema/schema_utils.cc",
    "tensorflow/lite/core/api/*.cc",
    "tensorflow/lite/core/c/common.cc",
    "tensorflow/lite/kernels/internal/*.cc",
    "tensorflow/lite/kernels/internal/reference/portable_tensor_utils.cc",
    "tensorflow/lite/kernels/kernel_util.cc",
    "tensorflow/lite/micro/*.cc",
    "tensorflow/lite/micro/arena_allocator/*.cc",
    "tensorflow/lite/micro/kernels/activations*.cc",
    "tensorflow/lite/micro/kernels/fully_connected*.cc",
    "tensorflow/lite/micro/kernels/kernel_util.cc",
    "tensorflow/lite/micro/kernels/logistic*.cc",
    "tensorflow/lite/micro/kernels/tanh.cc",
    "tensorflow/lite/micro/memory_planner/*.cc",
    "tensorflow/lite/micro/tflite_bridge/*.cc",
)
_NOT_NEEDED: Final = re.compile(r"_test\.cc$|test_helper|^fake_|^mock_|^recording_|^micro_time")

# Where the two trees keep what TFLM includes.
_THIRD_PARTY: Final = ("third_party", "tensorflow/lite/micro/tools/make/downloads")
_INCLUDES: Final = ("flatbuffers/include", "gemmlowp", "kissfft", "ruy")


def tree() -> Path | None:
    """The root of the sources, where the environment names one.

    Raises:
      UserError: it is not a source tree of TFLM.
    """
    root = os.environ.get(VARIABLE)
    if not root:
        return None
    if len(_sources(Path(root))) < 30:
        raise UserError(f"{VARIABLE} = {root}: not a source tree of TFLM")
    return Path(root)


def _sources(root: Path) -> list[Path]:
    paths = [path for pattern in _SOURCES for path in sorted(root.glob(pattern))]
    return [path for path in paths if not _NOT_NEEDED.search(path.name)]


def includes(root: Path) -> list[str]:
    folders = [root / party / name for party in _THIRD_PARTY for name in _INCLUDES]
    return [f"-isystem{folder}" for folder in (root, *folders) if folder.is_dir()]


def compile_objects(root: Path, folder: Path, command: Sequence[str]) -> list[Path]:
    """The object files of TFLM, in `folder`. `command` is the compiler and its flags.

    Raises:
      UserError: a file does not compile.
    """

    def compile_one(numbered: tuple[int, Path]) -> Path:
        number, source = numbered
        target = folder / f"{number}_{source.stem}.o"
        words = [*command, *FLAGS, "-w", *includes(root), "-c", str(source), "-o", str(target)]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise UserError(f"{source}: does not compile:\n{done.stderr}")
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, enumerate(_sources(root))))
