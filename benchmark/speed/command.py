"""The verb `speed`: speed and size on this computer, against other engines."""

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from benchmark import arguments, compiler, tables
from benchmark.speed import engines, figures, lines, path, steps, tflm_source
from benchmark.speed.figures import Figure
from project import profile as profiles
from training import codegen, manifest, model_step

_DESCRIPTION = """\
Measures, on this computer: samples a second through the whole path and its parts; one inference of
the same network by our engine, by emlearn and by TensorFlow Lite Micro; bytes; serial lines a
second in the monitor; how long builds and trainings take. Each figure is the median of several
runs. Some minutes; --quick takes seconds.

TFLM_SOURCE_DIR=folder names a source tree of TensorFlow Lite Micro: it is then timed as C++.
Without it, it is timed through its Python package, whose own cost is measured and subtracted.
"""


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        "speed",
        help="speed and size on this computer, against other engines",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_form(parser, "for docs/results.md")
    parser.add_argument("--quick", action="store_true", help="few repetitions, no builds")
    parser.add_argument("--profile", default="", help="default: temperature")
    parser.add_argument("--model", default="", help="model folder; default: as a build")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    found = _measure(options)
    machine = _machine()
    if options.json:
        print(json.dumps(figures.as_json(found, machine), indent=2))
    elif options.markdown:
        rows = [
            (title if any(cells) else f"**{title}**", *cells)
            for title, *cells in figures.rows(found)
        ]
        print(tables.markdown([figures.HEAD, *rows]))
    else:
        _show(found, machine)


def _measure(options: argparse.Namespace) -> list[Figure]:
    rounds, batches, runs = (1, 3, 2) if options.quick else (5, 40, 7)
    # What is missing is said at once.
    compiler.command()
    tflm = tflm_source.tree()
    choice = model_step.choose(options.profile, "", options.model)
    profile = profiles.load(profiles.find(choice.profile))
    model = model_step.model_of(choice, profile).folder
    found = manifest.load(model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        headers = folder / "include"
        codegen.write_headers(profile, found, model, headers)
        _say("compiling and timing the whole path")
        result = path.measure(headers, folder, found, rounds, batches)
        _say("compiling, comparing and timing the engines")
        result += engines.measure(folder, tflm, rounds, batches)
    _say("timing the monitor")
    result += lines.measure(2_000 if options.quick else 50_000, runs)
    _say("timing the steps of a build" + ("" if options.quick else " and the training"))
    return result + steps.measure(choice.profile, model, runs, options.quick)


def _say(what: str) -> None:
    print(f"speed: {what}", file=sys.stderr, flush=True)


def _machine() -> dict[str, str]:
    return {
        "date": date.today().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "compiler": compiler.version(),
        "flags": " ".join(compiler.flags()),
        "python": platform.python_version(),
    }


def _show(found: list[Figure], machine: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    caption = f"{machine['date']}, {machine['system']}, {machine['compiler']}"
    if not console.is_terminal:
        print(tables.text([figures.HEAD, *figures.rows(found)]), caption, sep="\n\n")
        return
    table = Table(caption=caption)
    for index, head in enumerate(figures.HEAD):
        table.add_column(head, justify="right" if index else "left", no_wrap=index > 0)
    for title, *cells in figures.rows(found):
        section = not any(cells)
        if section:
            table.add_section()
        table.add_row(title, *cells, style="bold" if section else None)
    console.print(table)
