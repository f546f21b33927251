"""`python -m training VERB --profile NAME`: see `--help`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project import commands
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT, chosen_profile
from project.profile import Profile
from project.terminal import make_lenient
from training import codegen, folders, importing, manifest, modelinfo, outcome, package, wishes

if TYPE_CHECKING:
    from training.data import Dataset

_DESCRIPTION = """\
From a recording of normal data to a model that the firmware runs.

  import     read a recording of any program, and write the plain form
  train      train on the profile's own data, or on --data, and publish the model
  export     write include/model_config.h and include/model_data.h for a model
  evaluate   what a model says about recorded data, or about one value
  package    make a library of a model for other projects: Arduino, PlatformIO, ESP-IDF
  modelinfo  what a model is: layers, bytes, arena, threshold, fingerprint
"""

_EXAMPLES = (
    "import office.csv --out data/temperature/office.csv",
    "train --profile temperature",
    "train --profile temperature --data office.csv --rows 0:1090 --out office-model",
    "evaluate --profile lesson --value 50",
    "evaluate --profile temperature --data office.csv --model office-model",
)

_ELSEWHERE = ("benchmark", "report")  # verbs of `python -m benchmark`, which piow has too


def main(arguments: list[str]) -> int:
    """Runs one command line; returns the exit status.

    0 done, 1 (`import`: 3) a stated reason, 2 bad usage.
    """
    make_lenient()
    if arguments and arguments[0] in _ELSEWHERE:
        told = commands.piow(*arguments)
        print(f"error: `{arguments[0]}` is no verb of the training, run: {told}", file=sys.stderr)
        return 2
    options = _parser().parse_args(arguments)
    options.profile = options.profile or [chosen_profile()]
    return outcome.of(
        lambda: options.run(_chosen(options.profile), options),
        options.refused,
        "interrupted; the model is as it was",
    )


def _chosen(named: str | list[str]) -> Profile | list[Profile]:
    """The profile of an option, or those of one that can be repeated."""
    if isinstance(named, list):
        return [profiles.load(profiles.find(name)) for name in named]
    return profiles.load(profiles.find(named))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=commands.piow(),
        description=_DESCRIPTION,
        epilog="\n  ".join(["examples:", *(commands.piow(*e.split()) for e in _EXAMPLES)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(refused=1)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    imported = verbs.add_parser("import", help="read a recording and write its plain form")
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument(
        "--profile", default="temperature", help="name in profiles/, or FILE.toml"
    )
    wishes.add_arguments(imported)
    imported.add_argument("--out", type=Path, metavar="FILE", help="where to write the plain form")
    imported.add_argument("--json", action="store_true", help="what was understood, as JSON")
    imported.set_defaults(run=importing.run, refused=3)

    train = verbs.add_parser("train", help="train and publish a model")
    _common(train, "--out", "folder to put the model into (default: data/<profile>/model)")
    _data(train)
    train.add_argument("--if-stale", action="store_true", help="do nothing if it is up to date")
    train.add_argument(
        "--same-data",
        action="store_true",
        help="the data that the model in the folder belongs to, if that was given by --data",
    )
    train.set_defaults(run=_train)

    export = verbs.add_parser("export", help="write the firmware's headers")
    _common(export, "--model", "folder of the model (default: the one a build uses)")
    export.add_argument("--out", type=Path, help="folder for the headers (default: include)")
    export.set_defaults(run=_export)

    evaluate = verbs.add_parser("evaluate", help="run a model over data or one value")
    _common(evaluate, "--model", "folder of the model (default: the one a build uses)")
    _data(evaluate)
    evaluate.add_argument("--value", type=float, help="one value, after normal data")
    evaluate.set_defaults(run=_evaluate)

    packaged = verbs.add_parser("package", help="make a library of a model for other projects")
    packaged.add_argument(
        "--profile",
        action="append",
        help="name in profiles/, or FILE.toml; again for several models in one package",
    )
    packaged.add_argument(
        "--model",
        dest="folder",
        type=Path,
        help="folder of the model (default: the one a build uses)",
    )
    packaged.add_argument(
        "--engine", choices=package.ENGINES, default="dense", help="what runs the network"
    )
    packaged.add_argument("--out", type=Path, help="folder to make (default: package/<profile>)")
    packaged.set_defaults(run=_package)

    info = verbs.add_parser("modelinfo", help="what a model is")
    _common(info, "--model", "folder of the model (default: the one a build uses)")
    info.set_defaults(run=_modelinfo)
    return parser


def _common(parser: argparse.ArgumentParser, folder: str, meaning: str) -> None:
    parser.add_argument(
        "--profile",
        default=chosen_profile(),
        help="name in profiles/, or FILE.toml",
    )
    parser.add_argument(folder, dest="folder", type=Path, help=meaning)


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="FILE.csv", help="instead of the profile's")
    wishes.add_arguments(parser)


def _train(profile: Profile, options: argparse.Namespace) -> None:
    named = folders.named(options.folder)
    if options.if_stale and not named and (found := folders.find(profile)).manifest:
        print(f"{profiles.shown(found.folder)}: up to date")
        return
    folder = named or folders.own(profile)
    with manifest.lock(folder):
        if options.if_stale and folders.look(profile, folder, locked=True).manifest:
            print(f"{profiles.shown(folder)}: up to date")
            return
        _train_locked(profile, options, folder)


def _train_locked(profile: Profile, options: argparse.Namespace, folder: Path) -> None:
    from training import progress, train

    dataset = _dataset(profile, options, folder)
    print(f"data: {dataset.record['description']}")
    for line in modelinfo.recordings(dataset.record):
        print(f"      {line}")
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
        f"threshold {modelinfo.threshold(profile, content)}; scores of "
        f"{metrics['rows_scored']} rows: median {metrics['score_median']:.4g}, "
        f"99 % {metrics['score_p99']:.4g}, greatest {metrics['score_max']:.4g}"
    )
    print(modelinfo.own_alarms(content))
    if warning := modelinfo.too_many_alarms(profile, content):
        print(f"warning: {warning}")


def _dataset(profile: Profile, options: argparse.Namespace, folder: Path) -> "Dataset":
    """The data that the command line asks for."""
    from training import data

    said = wishes.of_options(options)
    if options.data is not None:
        return data.from_file(profile, options.data, said)
    if said.record():
        raise UserError(f"{', '.join(said.record())}: is about a recording, name it with --data")
    record = _data_record(folder) if options.same_data else None
    if record is None:
        return data.own(profile)
    try:
        return data.of_record(profile, record)
    except UserError as error:
        again = commands.piow("train", "--profile", options.profile, "--out", folder)
        raise UserError(
            f"{profiles.shown(folder)}: {error}, or train on other data: {again}"
        ) from error


def _data_record(folder: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = manifest.load(folder, locked=True)["data"]
    except UserError:
        return None
    return record


def _export(profile: Profile, options: argparse.Namespace) -> None:
    folder = folders.chosen(profile, options.folder)
    include = options.out or PROJECT / "include"
    with codegen.lock(include):
        written = codegen.write_headers(profile, manifest.load(folder), folder, include)
    for name in ("model_config.h", "model_data.h"):
        state = "written" if include / name in written else "unchanged"
        print(f"{profiles.shown(include / name)}: {state}")


def _package(chosen: list[Profile], options: argparse.Namespace) -> None:
    if options.folder is not None and len(chosen) > 1:
        raise UserError("--model: is the folder of one model; leave it out for several profiles")
    named = zip(chosen, options.profile, strict=True)
    sources = [package.find(profile, said, options.folder) for profile, said in named]
    folder = options.out or package.default_folder(chosen)
    packed = package.write(sources, options.engine, folder)
    print("\n".join(package.told(packed, folder)))


def _evaluate(profile: Profile, options: argparse.Namespace) -> None:
    from training import data, evaluation, frames, recordings

    found = manifest.load(folders.chosen(profile, options.folder))
    if options.value is not None:
        print(evaluation.about_value(profile, found, options.value))
        return
    if options.data is None:
        segments = data.own(profile).segments
    else:
        recording = recordings.read(options.data, profile, wishes.of_options(options))
        print(f"{options.data}: {recording.sentence()}")
        importing.tell(recording, options.data)
        segments = frames.judged(profile, recording.pieces, recording.interval_s, str(options.data))
        if not segments:
            raise UserError(f"{options.data}: no piece of it is as long as a frame")
    for segment in segments:
        print(evaluation.about_data(profile, found, segment))


def _modelinfo(profile: Profile, options: argparse.Namespace) -> None:
    folder = folders.chosen(profile, options.folder)
    found = manifest.load(folder)
    rows = modelinfo.rows(profile, found, folder, PROJECT / "include")
    modelinfo.show(f"Model {profile.name}", rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
