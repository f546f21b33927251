"""Where things lie in this project."""

import hashlib
import os
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
PROFILES: Final = PROJECT / "profiles"


def profile_file(name: str) -> Path:
    """The file of a profile: its name in profiles/, or a path that ends in .toml."""
    return Path(name) if name.endswith(".toml") else PROFILES / f"{name}.toml"


def home_of(profile: Path) -> Path:
    """The folder of a profile's recordings and of the model that is trained on them.

    data/<name> for those in profiles/; another file of the same name has another home.
    """
    file = profile.resolve()
    if file.parent == PROFILES:
        return PROJECT / "data" / profile.stem
    place = file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file
    digest = hashlib.sha256(place.as_posix().encode("utf-8", "surrogatepass")).hexdigest()
    return PROJECT / "data" / f"{profile.stem}-{digest[:6]}"


def chosen_profile() -> str:
    """The profile where no other is named: that of ANOMALY_PROFILE, which piow sets, or ours."""
    return os.environ.get("ANOMALY_PROFILE") or "temperature"
