"""`python -m training`: the whole chain on small trainings."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import in_process
import numpy as np
import pytest

from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from training import __main__ as verbs
from training import manifest

LESSON = profiles.find("lesson").read_text(encoding="utf-8")


def training(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return in_process.run(verbs.main, *arguments)


def in_a_process_of_its_own(
    project: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """For models that are compared byte by byte: Keras counts its layers over a process."""
    return subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)],
        cwd=project,
        capture_output=True,
        text=True,
    )


def digest(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile that trains in a moment."""
    path = tmp_path_factory.mktemp("profile") / "small.toml"
    path.write_text(LESSON.replace("steps = 1600 ", "steps = 150 "), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(project: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    done = in_a_process_of_its_own(project, "train", "--profile", small, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_same_profile_gives_the_same_bytes(
    project: Path, small: Path, trained: Path, tmp_path: Path
) -> None:
    again = in_a_process_of_its_own(
        project, "train", "--profile", small, "--out", tmp_path / "small"
    )
    assert again.returncode == 0, again.stderr
    assert digest(tmp_path / "small") == digest(trained)


def test_output_on_a_pipe_is_plain_and_says_what_was_made(trained: Path) -> None:
    found = manifest.load(trained)
    assert found["profile"] == "small"
    assert found["model"]["operators"] == ["FULLY_CONNECTED", "LOGISTIC"]
    assert found["versions"]["tensorflow"]
    assert found["metrics"]["rows_scored"] == 200
    assert sorted(p.name for p in trained.iterdir()) == ["autoencoder.tflite", "manifest.json"]


def test_if_stale_does_nothing_to_a_fresh_model(small: Path, trained: Path) -> None:
    before = digest(trained)
    done = training("train", "--profile", small, "--out", trained, "--if-stale")
    assert "up to date" in done.stdout
    assert digest(trained) == before


def test_the_verbs_on_a_model(small: Path, trained: Path, tmp_path: Path) -> None:
    model = ("--profile", small, "--model", trained)
    info = training("modelinfo", *model)
    assert info.returncode == 0, info.stderr
    for said in (
        "1 -> 8 relu, 8 -> 1 sigmoid; 25 parameters",
        "0.15 (absolute score; fixed",
        " in 8.3 minutes of its normal data, ",
        "yes",
    ):
        assert said in info.stdout
    export = training("export", *model, "--out", tmp_path)
    assert export.stdout.count("written") == 2
    assert training("export", *model, "--out", tmp_path).stdout.count("unchanged") == 2
    csv = tmp_path / "some.csv"
    csv.write_text("time,value\n" + "\n".join(f"{i},25.{i % 9}" for i in range(99)) + "\n99,y\n")
    evaluate = training("evaluate", *model, "--data", csv)
    assert "99 samples: score median" in evaluate.stdout
    assert "99 rows, 98 s, every 1 s, 1 row left out: 1 not a number" in evaluate.stdout
    assert 'some.csv, line 101: not a number: "y"' in evaluate.stdout


def test_the_tutorials_own_check_is_a_command() -> None:
    done = training("evaluate", "--profile", "lesson", "--value", "50")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Real: 50.00 | Recon: ")
    assert "State: ANOMALY" in done.stdout


def test_a_model_from_a_file_belongs_to_it(small: Path, tmp_path: Path) -> None:
    csv = tmp_path / "office.csv"
    values = np.random.default_rng(1).normal(25, 1, 300)
    csv.write_text("time,room\n" + "".join(f"{i},{v:.3f}\n" for i, v in enumerate(values)))
    folder = tmp_path / "office"
    arguments = ("--data", csv, "--rows", "0:250", "--column", "room")
    done = training("train", "--profile", small, "--out", folder, *arguments)
    assert done.returncode == 0, done.stderr
    record = manifest.load(folder)["data"]
    assert (record["kind"], record["name"]) == ("file", "office.csv")
    assert record["wishes"] == {"rows": "0:250", "columns": ["room"]}
    assert record["read"]["rows"] == 250
    info = training("modelinfo", "--profile", small, "--model", folder)
    assert "250 rows, 4.15 min, every 1 s" in info.stdout
    assert record["sha256"] == hashlib.sha256(csv.read_bytes()).hexdigest()
    fresh = ("train", "--profile", small, "--out", folder, "--same-data", "--if-stale")
    assert "up to date" in training(*fresh).stdout
    csv.write_text("gone bad\n")
    again = training(*fresh)
    assert again.returncode == 1
    assert f"{csv}: holds no usable row" in again.stderr
    csv.unlink()
    assert "up to date" in training(*fresh).stdout
    retrain = training(*fresh[:-1])
    assert retrain.returncode == 1
    assert "is gone, and the model belongs to it" in retrain.stderr
    assert manifest.load(folder)["data"] == record


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--profile", "nothing"), "profiles/nothing.toml: no such profile"),
        (("train", "--profile", "lesson", "--rows", "0:9"), "name it with --data"),
        (("train", "--profile", "lesson", "--data", "none.csv"), "none.csv: cannot be read"),
        (("evaluate", "--profile", "lesson", "--model", "/nowhere"), "there is no model yet"),
    ],
)
def test_an_error_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    out = ("--out", str(tmp_path)) if arguments[0] == "train" else ()
    done = training(*arguments, *out)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_training_leaves_the_old_model(
    project: Path, trained: Path, tmp_path: Path
) -> None:
    long = tmp_path / "small.toml"
    long.write_text(LESSON.replace("steps = 1600 ", "steps = 200000 "), encoding="utf-8")
    before = digest(trained)
    command = [sys.executable, "-u", "-m", "training", "train", "--profile", str(long)]
    with subprocess.Popen(
        [*command, "--out", str(trained)],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A test run that was started in the background ignores Ctrl+C, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        while "step" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "interrupted; the model is as it was" in said
    assert digest(trained) == before
    assert manifest.load(trained)


def test_a_publication_that_was_cut_off_is_completed(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    model = (trained / manifest.MODEL).read_bytes()
    content = manifest.load(trained)
    other = {**content, "model": {**content["model"], "sha256": hashlib.sha256(b"x").hexdigest()}}
    manifest.publish(folder, model, content)
    manifest.publish(folder, b"x", other)
    assert manifest.load(folder) == other
    # As if it had been cut off between the two replacements.
    (folder / manifest.MODEL).write_bytes(model)
    staging = tmp_path / ".model.new"
    staging.mkdir()
    (staging / manifest.MANIFEST).write_text(json.dumps(content))
    assert manifest.load(folder) == content
    # A mixed state that nothing can complete is noticed.
    (folder / manifest.MODEL).write_bytes(b"y")
    with pytest.raises(UserError, match=r"is not the one that manifest\.json names"):
        manifest.load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "not a readable manifest"), ("[]", "format"), ('{"format": 99}', "format")],
)
def test_a_torn_manifest_is_noticed(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / manifest.MANIFEST).write_text(text)
    (tmp_path / manifest.MODEL).write_bytes(b"")
    with pytest.raises(UserError, match=message):
        manifest.load(tmp_path)


def test_a_manifest_of_another_version_is_one_sentence(
    project: Path, small: Path, trained: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(trained, folder)
    content = json.loads((folder / manifest.MANIFEST).read_bytes())
    del content["pipeline"]["scaling"]["squash"]
    (folder / manifest.MANIFEST).write_text(json.dumps(content))
    model = ("--profile", small, "--model", folder)
    refused = training("export", *model, "--out", tmp_path / "include")
    assert refused.returncode == 1
    assert (
        f"{folder / manifest.MANIFEST}: has no squash, it is of another version" in refused.stderr
    )
    assert not list((tmp_path / "include").glob("*.h"))

    del content["data"]
    (folder / manifest.MANIFEST).write_text(json.dumps(content))
    info = training("modelinfo", *model)
    assert (info.returncode, "has no data" in info.stderr) == (1, True)
    again = in_a_process_of_its_own(
        project, "train", "--profile", small, "--out", folder, "--if-stale"
    )
    assert again.returncode == 0, again.stderr
    assert digest(folder) == digest(trained)


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_one_training_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    code = (
        "import sys, pathlib; from training import manifest\n"
        "with manifest.lock(pathlib.Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()\n"
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start() as first:
        assert first.stdout
        assert first.stdout.readline() == "in\n"
        with start() as second:
            assert second.stdout
            waits = f"another training into {folder} is running; waiting for it to end\n"
            assert second.stdout.readline() == waits
            first.kill()
            assert second.communicate()[0] == "in\n", "a dead one holds nothing"
            assert second.returncode == 0
