"""What a model was made from, as one SHA-256: profile, data, and the code that shapes it."""

import ast
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

from project.errors import UserError
from project.paths import PROJECT
from project.profile import CATALOGUE, Profile
from project.profile.catalogue import FRAME_CATALOGUE

# The modules of this package that shape a model: a change in one of them means retraining. The
# others only read, show or print.
ALWAYS: Final = (
    "adaptation",
    "calibration",
    "data",
    "features",
    "noise",
    "normal",
    "scaling",
    "train",
)
# Those that shape the models of some profiles only: a change leaves the others' as they are. So it
# does in `features` and `frames` where it is of a kind that a profile does not use.
WITH_NETWORK: Final = ("arena", "conversion", "fixedpoint", "interpreter", "layers", "network")
WITH_CHANNELS: Final = ("cause",)
WITH_STRETCH: Final = ("stretch",)
WITH_FRAMES: Final = ("frames", "spectrum")
WITH_LEARNING: Final = ("limits",)
WITH_SLOW: Final = ("charts", "slow")
WITH_TWIN: Final = ("twin",)
WITH_RECORDINGS: Final = ("clock", "columns", "plain", "recordings", "rows", "table", "waves")


def sources(profile: Profile, identity: list[Any]) -> list[str]:
    """The modules that shape the model of a profile on the data of this identity."""
    found = [*ALWAYS]
    found += WITH_NETWORK if profile.has_network else ()
    found += WITH_CHANNELS if len(profile.value_names) > 1 else ()
    found += WITH_FRAMES if profile.frame is not None else ()
    found += WITH_LEARNING if profile.detector.learning is not None else ()
    found += WITH_SLOW if profile.slow is not None else ()
    found += WITH_STRETCH if profile.data.stretch is not None else ()
    found += WITH_TWIN if profile.twin is not None and identity[:1] == ["synthetic"] else ()
    found += WITH_RECORDINGS if identity[:1] != ["synthetic"] else ()
    return sorted(found)


def compute(profile: Profile, identity: list[Any]) -> str:
    """The fingerprint, 64 hexadecimal digits, of a profile trained on the data of this identity.

    It is that of what the profile says (`Profile.canonical`), of its data, and of the code that
    this profile uses.
    """
    digest = hashlib.sha256(profile.canonical())
    digest.update(json.dumps(identity, sort_keys=True).encode())
    folder = Path(__file__).parent
    unused = _unused(profile)
    for name in sources(profile, identity):
        # A checkout with Windows line ends is the same source.
        source = (folder / f"{name}.py").read_bytes().replace(b"\r\n", b"\n")
        if name in unused:
            source = _without(source.decode(), unused[name]).encode()
        digest.update(name.encode() + source)
    return digest.hexdigest()


def _unused(profile: Profile) -> dict[str, set[str]]:
    """The kinds that a profile does not use, by the module that has their functions."""
    values = profile.frame.values if profile.frame is not None else ()
    return {
        "features": CATALOGUE.keys() - {feature.kind for feature in profile.features.use},
        "frames": FRAME_CATALOGUE.keys() - {value.kind for value in values},
    }


def _without(source: str, unused: set[str]) -> str:
    """A module without the functions that are unused, and without private ones that no other calls.

    So a kind can be added, and one that no model uses be mended, and no model is stale.
    """
    statements = ast.parse(source).body
    functions = {s.name: s for s in statements if isinstance(s, ast.FunctionDef)}
    left_out = {name for name in functions if name in unused or name.startswith("_")}
    kept = [s for s in statements if getattr(s, "name", "") not in left_out]
    for statement in kept:  # also those that are added on the way
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        called = sorted(left_out & names)
        kept += [functions[name] for name in called]
        left_out.difference_update(called)
    texts = (ast.get_source_segment(source, s) for s in sorted(kept, key=lambda s: s.lineno))
    return "\n".join(map(str, texts))


def file_sha256(path: Path) -> str:
    """Raises UserError where the file cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error


def recordings(profile: Profile) -> list[Path]:
    """The profile's own recordings, data/<profile>/*.csv and *.wav, by name; partial ones are
    left out."""
    files = sorted([*profile.home.glob("*.csv"), *profile.home.glob("*.wav")])
    return [file for file in files if not _is_partial(file)]


def _is_partial(file: Path) -> bool:
    """A recording that was interrupted says so: in its name, or in its head of comment lines."""
    if file.stem.endswith(".partial"):
        return True
    if file.suffix == ".wav":
        return False
    with file.open("rb") as lines:
        for line in lines:
            if not line.startswith(b"#"):
                return False
            if line.lstrip(b"# \t").lower().startswith(b"partial"):
                return True
    return False


def own_identity(profile: Profile) -> list[Any]:
    """Identity of the data that the profile itself names: its recordings, or its generator."""
    files = recordings(profile)
    return ["recordings", *(file_sha256(file) for file in files)] if files else ["synthetic"]


def file_identity(sha256: str, wishes: dict[str, Any]) -> list[Any]:
    """Identity of a file that was given by --data, with what was said about it (`Wishes`)."""
    return ["file", sha256, wishes]


def expected(profile: Profile, data: dict[str, Any] | None) -> str:
    """The fingerprint a model must have now. `data` is what its manifest says about its data.

    A model trained on a file that was given by hand belongs to that file: while the file exists its
    bytes count, and once it is gone the hash that the manifest remembers.
    """
    if data is None or data["kind"] != "file":
        return compute(profile, own_identity(profile))
    path = data_path(data)
    sha256 = file_sha256(path) if path.is_file() else data["sha256"]
    return compute(profile, file_identity(sha256, data["wishes"]))


def data_path(data: dict[str, Any]) -> Path:
    """Where the file of a manifest's data was; relative paths start at the project."""
    return Path(os.path.normpath(PROJECT / str(data["path"])))
