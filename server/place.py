"""Where the server keeps what: one data folder, by default data/server/ in the project."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project.errors import UserError
from project.paths import PROJECT

DEFAULT: Final = PROJECT / "data" / "server"


@dataclass(frozen=True)
class Place:
    """The files in a data folder."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "anomaly.sqlite"

    @property
    def retained(self) -> Path:
        """What the embedded broker retains."""
        return self.folder / "broker.sqlite"

    @property
    def ca(self) -> Path:
        return self.folder / "ca" / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca" / "ca.key"

    @property
    def issued(self) -> Path:
        """One line a certificate: serial number, name, last day, and `revoked` where it is."""
        return self.folder / "ca" / "issued"

    @property
    def revocations(self) -> Path:
        """The revocation list, for a broker that reads one."""
        return self.folder / "ca" / "crl.pem"

    @property
    def broker_address(self) -> Path:
        """Where the server's broker is, for the gateway on this computer."""
        return self.folder / "broker.json"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of `broker`, of `server`, or of a board."""
        folder = self.folder if name in ("broker", "server") else self.folder / "boards"
        return folder / f"{name}.pem", folder / f"{name}.key"

    def make(self) -> None:
        """Nobody else on this computer may look into the folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            for name in ("ca", "boards"):
                (self.folder / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise UserError(
                f"the data folder {self.folder} cannot be made ({error.strerror}): "
                "name another with --data."
            ) from error


def write_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, and for nobody else to read, at no moment."""
    write_whole(path, content, 0o600)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(new, flags, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def write_address(place: Place, url: str) -> None:
    content = json.dumps({"broker": url, "ca": str(place.ca)}) + "\n"
    write_whole(place.broker_address, content.encode())


def read_address(folder: Path) -> str | None:
    """The broker's address that a server in this folder gave; None if there was none yet."""
    try:
        found = json.loads(Place(folder).broker_address.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    broker = found.get("broker") if isinstance(found, dict) else None
    return broker if isinstance(broker, str) else None
