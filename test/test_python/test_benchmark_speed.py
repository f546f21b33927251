"""The speed benchmark: what it prints, and that its figures belong together. No time is judged."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark import compiler
from benchmark.speed import figures
from benchmark.speed.figures import Figure
from training import arena, manifest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")


def speed(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "TFLM_SOURCE_DIR"}
    return subprocess.run(
        [sys.executable, "-m", "benchmark", "speed", *arguments],
        cwd=project,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def result(project: Path) -> dict[str, Any]:
    done = speed(project, "--json", "--quick")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_compiler
def test_every_figure_is_there(result: dict[str, Any]) -> None:
    assert result["whole_path_samples_per_s"] > 0
    for kind in ("float32", "int8"):
        assert {"dense_ns", "emlearn_ns", "tflm_ns"} <= result["engines"][kind].keys()
    assert {"features", "engine", "detector", "formatting", "rest"} == result["parts_ns"].keys()
    assert len(result["monitor_lines_per_s"]) == 5
    assert all(rate > 0 for rate in result["monitor_lines_per_s"].values())
    assert result["model_step_s"] > 0
    assert {"no_change_build_s", "retrain_s"} <= result.keys()
    assert result["bytes"]["static_ram"].keys() >= {"Autoencoder", "Features", "App"}
    assert "-O2" in result["machine"]["flags"]


@needs_compiler
def test_what_is_missing_says_why(result: dict[str, Any]) -> None:
    missing = result["missing"]
    assert result["engines"]["int8"]["emlearn_ns"] is None
    assert missing["engines.int8.emlearn_ns"] == "emlearn has no int8 network"
    assert missing["retrain_s"] == missing["no_change_build_s"] == "left out by --quick"
    for key in missing:
        assert value_at(result, key) is None
    for key, spread in result["spread"].items():
        assert spread["low"] <= value_at(result, key) <= spread["high"], key


def value_at(result: dict[str, Any], key: str) -> Any:
    place: Any = result
    for name in key.split("."):
        place = place[name]
    return place


@needs_compiler
def test_sizes_are_those_of_the_model(result: dict[str, Any], project: Path) -> None:
    sizes = result["bytes"]
    model = manifest.load(project / "models" / "temperature")["model"]
    assert sizes["model"] == model["bytes"]
    assert sizes["arena_chip"] == model["arena"]["chip_size_bytes"]
    if sizes["tables"] is not None:
        assert sizes["model"] + sizes["tables"] <= 6 * 1024
        assert 0 < sizes["network_code"] <= 6 * 1024  # other compilers make a little more of it
        assert sum(v for k, v in sizes["static_ram"].items() if k != "Host") == 0


@needs_compiler
@pytest.mark.skipif(not arena.available(), reason="tflite-micro has no wheel here")
def test_tflm_from_python_is_given_with_and_without_the_binding(result: dict[str, Any]) -> None:
    for kind in ("float32", "int8"):
        found = result["engines"][kind]
        if found["tflm_ns"] is None:  # a computer that is too busy says so
            assert f"engines.{kind}.tflm_ns" in result["missing"]
            continue
        assert found["tflm_ns"] == pytest.approx(
            found["tflm_python_ns"] - found["tflm_binding_ns"], rel=1e-6
        )
        assert "less the binding" in result["notes"][f"engines.{kind}.tflm_ns"]


def test_without_a_compiler_one_sentence_says_so(project: Path, tmp_path: Path) -> None:
    done = speed(project, "--quick", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == ("error: no C++ compiler (g++ or clang++) is in the PATH: install one\n")


@needs_compiler
def test_what_is_no_tree_of_tflm_is_refused(project: Path, tmp_path: Path) -> None:
    done = speed(project, "--quick", TFLM_SOURCE_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.endswith(f"TFLM_SOURCE_DIR = {tmp_path}: not a source tree of TFLM\n")


def test_a_model_that_is_not_there_is_an_error(project: Path, tmp_path: Path) -> None:
    done = speed(project, "--quick", "--model", str(tmp_path))
    assert done.returncode == 1
    assert "there is no model yet" in done.stderr


def test_flags_are_those_of_the_environment() -> None:
    assert compiler.flags()[:2] == ("-std=gnu++17", "-O2")
    assert all(flag.startswith("-") for flag in compiler.flags())


def test_rows_show_median_quartiles_and_reasons() -> None:
    found = [
        Figure("Speed", "one sample", "a.b", "ns", [4.0, 1.0, 2.0, 3.0, 100.0]),
        figures.absent("Speed", "another", "a.c", "ns", "no such engine"),
        Figure("Bytes", "model", "bytes.model", "bytes", [2072]),
    ]
    assert figures.rows(found) == [
        ("Speed", "", "", ""),
        ("one sample", "3.0 ns", "2.0 to 4.0", "5"),
        ("another", "none: no such engine", "", ""),
        ("Bytes", "", "", ""),
        ("model", "2,072 bytes", "", ""),
    ]
    content = figures.as_json(found, {})
    assert content["a"] == {"b": 3.0, "c": None}
    assert content["spread"] == {"a.b": {"low": 2.0, "high": 4.0, "runs": 5}}
    assert content["missing"] == {"a.c": "no such engine"}
