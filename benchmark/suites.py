"""The verbs that measure detectors against others."""

import argparse
import contextlib
import dataclasses
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmark import arguments, tables
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT, chosen_profile
from project.profile import Profile

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def add_parsers(verbs: Any) -> None:
    """Adds `synthetic`, `slow`, `sensors`, `skab`, `nab` and `causes` to the verbs."""
    synthetic = verbs.add_parser(
        "synthetic", help="simulated devices: recall by kind and size, false alarms a day"
    )
    synthetic.add_argument("--profile", default=chosen_profile(), help="name, or FILE.toml")
    synthetic.add_argument("--days", type=_positive, default=2.0, help="normal days a device")
    synthetic.add_argument(
        "--train", type=_duration, default=60.0, metavar="TIME", help="60s, 10min, 24h ..."
    )
    synthetic.add_argument("--devices", type=arguments.count, default=20)
    synthetic.add_argument("--seed", type=int, default=1)
    synthetic.add_argument("--colour", type=float, default=0.0, help="AR(1) of the noise, 0 to 0.9")
    synthetic.add_argument("--ripple", type=float, default=0.3, help="thermostat's amplitude, C")
    synthetic.add_argument(
        "--jobs", type=arguments.count, default=_jobs(), help="processes at the same time"
    )
    _common(synthetic)
    synthetic.set_defaults(run=_synthetic)

    _add_slow(verbs)

    sensors = verbs.add_parser(
        "sensors", help="accelerometers and microphones: recordings, against other detectors"
    )
    sensors.add_argument("--data", type=Path, required=True, help="folder of fan_esp32 and others")
    sensors.add_argument("--sets", nargs="+", metavar="NAME", help="only these")
    _common(sensors)
    sensors.set_defaults(run=_sensors)

    skab = verbs.add_parser("skab", help="a pump with eight sensors: F1, false and missed alarms")
    skab.add_argument("--data", type=Path, required=True, help="folder of valve1, valve2, other")
    skab.add_argument("--profile", default=str(PROJECT / "examples" / "pump.toml"))
    _common(skab)
    skab.set_defaults(run=_skab)

    nab = verbs.add_parser("nab", help="months of temperatures: the score of NAB")
    nab.add_argument("--data", type=Path, required=True, help="folder of NAB's files")
    nab.add_argument("--labels", type=Path, required=True, metavar="combined_windows.json")
    nab.add_argument("--profile", default=chosen_profile(), help="name, or FILE.toml")
    nab.add_argument("files", nargs="*", metavar="FILE", help="names; default: all with labels")
    _common(nab)
    nab.set_defaults(run=_nab)

    causes = verbs.add_parser("causes", help="correlated channels: is the one that moved named")
    causes.add_argument("--profile", default=str(PROJECT / "examples" / "pump.toml"))
    _common(causes)
    causes.set_defaults(run=_causes)


def _add_slow(verbs: Any) -> None:
    slow = verbs.add_parser(
        "slow",
        help="months of simulated lives: slow events, and the program from day to day",
        description="The longest of the benchmarks: a quarter of an hour on two cores, and half of "
        "that with --quick. --json or --markdown alone prints what was run last.",
    )
    slow.add_argument("--profile", help="name, or FILE.toml")
    slow.add_argument("--quick", action="store_true", help="one device of each kind")
    slow.add_argument("--days", type=arguments.count, help="of each life; default: 30")
    slow.add_argument("--devices", type=arguments.count, help="of each kind; default: 10")
    slow.add_argument("--seed", type=int, help="default: 1")
    slow.add_argument("--lives", nargs="+", metavar="KIND", help="only these")
    slow.add_argument("--jobs", type=arguments.count, help="processes at the same time")
    _common(slow)
    slow.set_defaults(run=_slow)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detector", nargs="+", metavar="NAME", help="only these")
    arguments.add_form(parser, "tables as docs/results.md has them")


def _synthetic(options: argparse.Namespace) -> None:
    from benchmark import synthetic, variants

    profile = _profile(options)
    names = variants.chosen(synthetic.known(profile), options.detector, profile)
    if not 0 <= options.colour <= 0.9:
        raise UserError(f"--colour {options.colour:g}: is not within 0 to 0.9")
    settings = synthetic.Settings(
        options.days,
        options.train,
        options.devices,
        options.seed,
        options.colour,
        options.ripple,
        options.jobs,
    )
    with progress("detectors on devices") as told:
        outcomes = synthetic.run(profile, names, settings, told)
    found = {name: synthetic.report(outcome) for name, outcome in outcomes.items()}
    arguments.show(
        options, {"settings": vars(settings), "detectors": found}, tables.synthetic, "detectors"
    )


def _slow(options: argparse.Namespace) -> None:
    from benchmark import slow, slow_watchers, variants
    from benchmark.life_kinds import KINDS

    names = ("profile", "days", "devices", "seed", "jobs", "lives", "detector")
    asked = {name: value for name in names if (value := getattr(options, name)) is not None}
    only_shown = (options.json or options.markdown) and not asked and not options.quick
    result = slow.kept() if only_shown else None
    if result is None:
        profile = profiles.load(profiles.find(asked.pop("profile", chosen_profile())))
        wanted = variants.chosen(list(slow_watchers.NAMES), asked.pop("detector", None), profile)
        kinds = variants.among(tuple(KINDS), asked.pop("lives", None), "--lives")
        settings = slow.Settings(kinds=tuple(kinds), jobs=_jobs())
        if options.quick or only_shown:
            settings = slow.quick(settings)
        with progress("tasks of lives") as told:
            result = slow.run(profile, wanted, dataclasses.replace(settings, **asked), told)
        slow.keep(result)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        print(tables.slow(result, tables.markdown if options.markdown else tables.text))


def _sensors(options: argparse.Namespace) -> None:
    from benchmark import sensor_sets, sensors, variants

    asked = options.detector or sensors.DEFAULT
    names = variants.among(sensors.NAMES, asked, "--detector")
    sets = {one.name: one for one in sensor_sets.read(options.data)}
    wanted = variants.among(tuple(sets), options.sets, "--sets")
    with progress("detectors on sets") as told:
        found = sensors.run([sets[name] for name in wanted], names, told)
    arguments.show(options, {"sets": found}, tables.sensors, "sets")


def _skab(options: argparse.Namespace) -> None:
    from benchmark import skab, variants

    profile = _profile(options)
    names = variants.chosen(skab.known(profile), options.detector, profile)
    files = skab.read(options.data, profile)
    with progress("files") as told:
        found = skab.run(profile, names, files, told)
    arguments.show(options, {"detectors": found}, tables.skab, "detectors")


def _nab(options: argparse.Namespace) -> None:
    from benchmark import nab, variants

    profile = _profile(options)
    names = variants.chosen(nab.known(profile), options.detector, profile)
    recordings = nab.read(options.data, options.labels, options.files)
    with progress("files") as told:
        found = nab.run(profile, names, recordings, told)
    arguments.show(options, {"detectors": found}, tables.nab, "detectors")


def _causes(options: argparse.Namespace) -> None:
    from benchmark import causes, variants

    profile = _profile(options)
    names = variants.chosen(causes.known(profile), options.detector, profile)
    with progress("detectors") as told:
        found = causes.run(profile, names, told)
    arguments.show(options, {"detectors": found}, tables.causes, "detectors")


def _profile(options: argparse.Namespace) -> Profile:
    return profiles.load(profiles.find(options.profile))


def _jobs() -> int:
    return min(4, os.cpu_count() or 1)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d+\.?\d*)(s|min|h)", text)
    if not match or float(match[1]) * _UNITS[match[2]] < 20:
        raise argparse.ArgumentTypeError("must be like 60s, 10min or 24h, at least 20s")
    return float(match[1]) * _UNITS[match[2]]


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, plain lines on a pipe; both on standard error."""
    if sys.stderr.isatty():
        import rich.console
        import rich.progress

        console = rich.console.Console(stderr=True)
        with rich.progress.Progress(console=console) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    start = time.monotonic()

    def plain(done: int, total: int) -> None:
        seconds = time.monotonic() - start
        print(f"{title}: {done} of {total} after {seconds:.0f} s", file=sys.stderr, flush=True)

    yield plain
