"""Which model folder a profile uses.

The one rule: the user's own model in data/<profile>/model if it fits profile and data; else the
shipped one in models/<profile> if that fits; else an own one has to be trained. What ships is only
ever written by `train --out models/<profile>`, so that a clone stays as it was cloned.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import fingerprint, manifest
from training.manifest import Manifest

SHIPPED: Final = PROJECT / "models"


@dataclass(frozen=True)
class Found:
    """The model folder to read, and its manifest if it fits profile and data, else why not."""

    folder: Path
    manifest: Manifest | None
    reason: str = ""


def own(profile: Profile) -> Path:
    """Where a profile trains into if nothing else is said."""
    return profile.home / "model"


def find(profile: Profile) -> Found:
    """The model that a profile uses by the rule above; where none fits, the one there is."""
    folders = [own(profile)]
    if profile.home == PROJECT / "data" / profile.name:  # the file is one of profiles/
        folders.append(SHIPPED / profile.name)
    looked = [look(profile, folder) for folder in folders]
    for found in looked:
        if found.manifest is not None:
            return found
    there = [found for found in looked if (found.folder / manifest.MANIFEST).is_file()]
    return (there or looked)[0]


def named(folder: Path | None) -> Path | None:
    """The folder that the command line names, else the one of ANOMALY_MODEL_DIR."""
    if folder is not None:
        return folder
    chosen = os.environ.get("ANOMALY_MODEL_DIR")
    return PROJECT / chosen if chosen else None


def chosen(profile: Profile, folder: Path | None) -> Path:
    """The model folder to read, by the same rule as a build."""
    return named(folder) or find(profile).folder


def look(profile: Profile, folder: Path, locked: bool = False) -> Found:
    """Whether the model in a folder belongs to a profile and its data as they are now.

    `locked` says that the caller holds `manifest.lock(folder)`.
    """
    try:
        found = manifest.load(folder, locked)
        trained, record, other = found["fingerprint"], found["data"], found["profile"]
    except UserError as error:
        return Found(folder, None, str(error))
    expected = fingerprint.expected(profile, record)
    if trained == expected:
        return Found(folder, found)
    what = f"profile {other}" if other != profile.name else "another state of profile, data or code"
    return Found(
        folder,
        None,
        f"{profiles.shown(folder)}: was trained for {what} (fingerprint "
        f"{trained[:12]}, now {expected[:12]})",
    )
