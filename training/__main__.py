"""`python -m training VERB --profile NAME`: see `--help`."""

import argparse
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training import codegen, fingerprint, manifest, modelinfo, profiles
from training.benchmark import cli as benchmark
from training.errors import UserError
from training.profiles import PROJECT, Profile

if TYPE_CHECKING:
    from training.data import Dataset

_DESCRIPTION = """\
From a recording of normal data to a model that the firmware runs.

  train      train on the profile's own data, or on --data, and publish the model
  export     write include/model_config.h and include/model_data.h for a model
  evaluate   what a model says about recorded data, or about one value
  modelinfo  what a model is: layers, bytes, arena, threshold, fingerprint
  report     an HTML page about a model: its data, its score, what it finds, what int8 costs
  benchmark  measure detectors against others, on simulated devices or on recorded data
"""

_EXAMPLES = """\
examples:
  python -m training train --profile temperature
  python -m training train --profile temperature --data office.csv --rows 0:1090 --out /tmp/office
  python -m training evaluate --profile lesson --value 50
  python -m training evaluate --profile temperature --data office.csv --model /tmp/office
  python -m training benchmark synthetic --devices 2 --days 0.5 --detector temperature sigma
"""


def main(arguments: list[str]) -> int:
    """Runs one command line; returns the exit status: 0 done, 1 a stated reason, 2 bad usage."""
    options = _parser().parse_args(arguments)
    try:
        profile = profiles.load(profiles.find(options.profile))
        options.run(profile, options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `... | head`: who read this has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        cause = f"{error.filename or 'a file'}: cannot be written ({error.strerror})"
        print(f"error: {cause}; make room or give access", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the model is as it was", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    train = verbs.add_parser("train", help="train and publish a model")
    _common(train, "--out", "folder to put the model into")
    _data(train)
    train.add_argument("--if-stale", action="store_true", help="do nothing if it is up to date")
    train.add_argument(
        "--same-data",
        action="store_true",
        help="the data that the model in the folder belongs to, if that was given by --data",
    )
    train.set_defaults(run=_train)

    export = verbs.add_parser("export", help="write the firmware's headers")
    _common(export, "--model", "folder of the model")
    export.add_argument("--out", type=Path, help="folder for the headers (default: include)")
    export.set_defaults(run=_export)

    evaluate = verbs.add_parser("evaluate", help="run a model over data or one value")
    _common(evaluate, "--model", "folder of the model")
    _data(evaluate)
    evaluate.add_argument("--value", type=float, help="one value, after normal data")
    evaluate.set_defaults(run=_evaluate)

    info = verbs.add_parser("modelinfo", help="what a model is")
    _common(info, "--model", "folder of the model")
    info.set_defaults(run=_modelinfo)

    report = verbs.add_parser("report", help="write an HTML page about a model")
    _common(report, "--model", "folder of the model")
    report.add_argument("--out", type=Path, help="the page (default: report/<profile>.html)")
    report.add_argument(
        "--benchmark",
        type=Path,
        metavar="FILE.json",
        help="what `benchmark synthetic --json` gave, instead of measuring two devices now",
    )
    report.set_defaults(run=_report)

    benchmark.add_parser(verbs)
    return parser


def _common(parser: argparse.ArgumentParser, folder: str, meaning: str) -> None:
    parser.add_argument("--profile", default="temperature", help="name in profiles/, or FILE.toml")
    parser.add_argument(
        folder, dest="folder", type=Path, help=f"{meaning} (default: models/<profile>)"
    )


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="FILE.csv", help="instead of the profile's")
    parser.add_argument("--rows", metavar="A:B", help="only data rows A to B - 1, counted from 0")
    parser.add_argument(
        "--column", action="append", metavar="NAME", help="name or number; one for each channel"
    )


def _folder(profile: Profile, options: argparse.Namespace) -> Path:
    return Path(options.folder) if options.folder else PROJECT / "models" / profile.name


def _train(profile: Profile, options: argparse.Namespace) -> None:
    folder = _folder(profile, options)
    with manifest.lock(folder):
        if options.if_stale and _is_fresh(profile, folder):
            print(f"{profiles.shown(folder)}: up to date")
            return
        _train_locked(profile, options, folder)


def _train_locked(profile: Profile, options: argparse.Namespace, folder: Path) -> None:
    from training import progress, train

    dataset = _dataset(profile, options, folder)
    print(f"data: {dataset.record['description']}")
    if dataset.record["malformed"]:
        print(f"      {dataset.record['malformed']} malformed rows left out")
    with progress.shown(f"training {profile.name}") as told:
        trained = train.train(profile, dataset, told)
    train.publish(trained, folder)
    content = trained.manifest
    model, metrics = content["model"], content["metrics"]
    print(
        f"{profiles.shown(folder)}: {model['type']}, {model['bytes']} bytes, "
        f"{modelinfo.parameters(content)} parameters, "
        f"arena {model['arena']['chip_size_bytes']} bytes, "
        f"fingerprint {content['fingerprint'][:12]}"
    )
    print(
        f"threshold {content['pipeline']['decision']['threshold']:.4g}; scores of "
        f"{metrics['rows_scored']} rows: median {metrics['score_median']:.4g}, "
        f"99 % {metrics['score_p99']:.4g}, greatest {metrics['score_max']:.4g}"
    )
    print(modelinfo.own_alarms(content))
    if warning := modelinfo.too_many_alarms(profile, content):
        print(f"warning: {warning}")


def _is_fresh(profile: Profile, folder: Path) -> bool:
    try:
        found = manifest.load(folder, locked=True)
        trained, record = found["fingerprint"], found["data"]
    except UserError:
        return False
    return bool(trained == fingerprint.expected(profile, record))


def _dataset(profile: Profile, options: argparse.Namespace, folder: Path) -> "Dataset":
    """The data that the command line asks for."""
    from training import data

    if options.data is not None:
        return data.from_file(profile, options.data, options.rows, options.column)
    if options.rows or options.column:
        raise UserError("--rows and --column need --data FILE.csv")
    record = _data_record(folder) if options.same_data else None
    if record is None or record["kind"] != "file":
        return data.own(profile)
    path = fingerprint.data_path(record)
    if not path.is_file():
        raise UserError(
            f"{profiles.shown(folder)}: belongs to {path}, which is gone; bring it back, or "
            f"train on other data: python -m training train --profile {profile.name} --out {folder}"
        )
    return data.from_file(profile, path, record["rows"], record["columns"])


def _data_record(folder: Path) -> dict[str, str] | None:
    try:
        record: dict[str, str] = manifest.load(folder, locked=True)["data"]
    except UserError:
        return None
    return record


def _export(profile: Profile, options: argparse.Namespace) -> None:
    folder = _folder(profile, options)
    include = options.out or PROJECT / "include"
    with codegen.lock(include):
        written = codegen.write_headers(profile, manifest.load(folder), folder, include)
    for name in ("model_config.h", "model_data.h"):
        state = "written" if include / name in written else "unchanged"
        print(f"{profiles.shown(include / name)}: {state}")


def _evaluate(profile: Profile, options: argparse.Namespace) -> None:
    from training import data, evaluation

    found = manifest.load(_folder(profile, options))
    if options.value is not None:
        print(evaluation.about_value(profile, found, options.value))
        return
    if options.data is None:
        segments, malformed = data.own(profile).segments, []
    else:
        recording = data.read_csv(
            options.data, profile.sensor.channels, options.rows, options.column
        )
        segments, malformed = [recording.values], recording.malformed
    for bad in malformed[:10]:
        print(f"{options.data}: line {bad.line} left out: {bad.reason}")
    if len(malformed) > 10:
        print(f"{options.data}: {len(malformed)} rows left out in all")
    for segment in segments:
        print(evaluation.about_data(profile, found, segment))


def _modelinfo(profile: Profile, options: argparse.Namespace) -> None:
    folder = _folder(profile, options)
    found = manifest.load(folder)
    rows = modelinfo.rows(profile, found, folder, PROJECT / "include")
    modelinfo.show(f"Model {profile.name}", rows)


def _report(profile: Profile, options: argparse.Namespace) -> None:
    from training import report

    out = options.out or PROJECT / "report" / f"{profile.name}.html"
    measured = report.read_benchmark(options.benchmark) if options.benchmark else None
    with benchmark.progress("simulated devices") as told:
        report.write(profile, manifest.load(_folder(profile, options)), out, measured, told)
    print(f"{profiles.shown(out)}: written")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
