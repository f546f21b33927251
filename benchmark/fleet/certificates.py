"""An authority for one run, and a P-256 certificate a board: a thousand in a second."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from server.certificates import begun, general_name, key_pem, named

HOSTS = ("localhost", "127.0.0.1")  # of the broker


@dataclass(frozen=True)
class Authority:
    """Signs certificates that are valid for a day, into the folder of a server's data."""

    folder: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey

    @property
    def ca(self) -> Path:
        return self.folder / "ca" / "ca.pem"

    def board(self, board: str) -> None:
        self._sign(board, self.folder / "boards" / board, ExtendedKeyUsageOID.CLIENT_AUTH)

    def broker(self) -> None:
        self._sign("broker", self.folder / "broker", ExtendedKeyUsageOID.SERVER_AUTH)

    def server(self) -> None:
        self._sign("server", self.folder / "server", ExtendedKeyUsageOID.CLIENT_AUTH)

    def _sign(self, name: str, place: Path, usage: x509.ObjectIdentifier) -> None:
        place.parent.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = begun(named(name), self.name, key.public_key(), 1).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            names = filter(None, map(general_name, HOSTS))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        ).sign(self.key, hashes.SHA256())
        _write(place, certificate, key)


def create(folder: Path) -> Authority:
    """A new authority with its own folder `ca` in `folder`."""
    (folder / "ca").mkdir(parents=True)
    name, key = named("Fleet of a benchmark"), ec.generate_private_key(ec.SECP256R1())
    certificate = (
        begun(name, name, key.public_key(), 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / "ca" / "ca", certificate, key)
    return Authority(folder, name, key)


def _write(place: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    place.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = place.with_suffix(".key")
    secret.touch(mode=0o600)
    secret.write_bytes(key_pem(key))
