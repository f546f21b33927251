"""The verb `report`: a page about one model."""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmark import report
from benchmark.report import steps
from project import profile as profiles
from project.paths import PROJECT, chosen_profile
from training import folders, manifest


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser("report", help="write an HTML page about a model")
    parser.add_argument("--profile", default=chosen_profile(), help="name, or FILE.toml")
    parser.add_argument(
        "--model", type=Path, help="folder of the model (default: the one a build uses)"
    )
    parser.add_argument("--out", type=Path, help="the page (default: report/<profile>.html)")
    parser.add_argument(
        "--benchmark",
        type=Path,
        metavar="FILE.json",
        help="what `benchmark synthetic --json` gave, instead of measuring two devices now",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    profile = profiles.load(profiles.find(options.profile))
    out = options.out or PROJECT / "report" / f"{profile.name}.html"
    measured = report.read_benchmark(options.benchmark) if options.benchmark else None
    with steps.shown() as told:
        found = manifest.load(folders.chosen(profile, options.model))
        written = report.write(profile, found, out, measured, told)
    for failure in written.failures:
        print(f"warning: not in the report: {failure}", file=sys.stderr)
    print(written.headline)
    print(f"{profiles.shown(out)}: written")
