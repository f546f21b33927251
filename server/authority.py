"""The certificate authority: who may speak to the broker, and as whom.

P-256 throughout. A board's certificate has its id as common name; the server's own is `server`.
The CA's key stays in the data folder and is read by nobody else.
"""

import contextlib
import datetime
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from project.errors import UserError
from server.certificates import (
    DAY,
    begun,
    common_name,
    general_name,
    key_pem,
    key_usage,
    named,
)
from server.messages import is_board_id
from server.place import Place, write_secret, write_whole
from training import files

SERVER: Final = "server"  # the common name of the one that may read and write every topic
BROKER: Final = "broker"

_CA_DAYS: Final = 7300
_BOARD_DAYS: Final = 3650
_OWN_DAYS: Final = 397
_CRL_DAYS: Final = 3650
RENEW_DAYS: Final = 30  # before the end


@dataclass(frozen=True)
class Enrolled:
    """What a board connects with: files in PEM."""

    certificate: Path
    key: Path
    ca: Path


def prepare(data: Path, hosts: Iterable[str] = ()) -> list[str]:
    """Makes the CA and the certificates of broker and server where they are missing or end soon.

    `hosts` are names and addresses under which the broker is reached, besides those of this
    computer. Returns a sentence for each certificate that was made.
    """
    place = Place(data)
    place.make()
    with _alone(place):
        said = []
        if not place.ca_key.is_file():
            _make_ca(place)
            said.append(f"made a certificate authority in {place.ca.parent}")
        added = {host for host in hosts if host not in ("0.0.0.0", "::")}
        names = sorted({*own_names(), *_added_names(place), *added})
        for name in (BROKER, SERVER):  # the server's is also that of its pages
            if not _is_good(place, name, names):
                _issue(place, name, ec.generate_private_key(ec.SECP256R1()), names)
                said.append(f"made the {name}'s certificate for {', '.join(names)}")
        return said


def enroll(data: Path, board: str) -> Enrolled:
    """Certificate and key of a board; those that it has, unless they end soon."""
    if not is_board_id(board):
        raise UserError(f"a board's id is 12 hex digits in lower case, as 24a160c1d2e3: {board}")
    return _enroll(data, board)


def enroll_service(data: Path, name: str) -> Enrolled:
    """The same for another program that may connect: server/access.py has which, and to what."""
    return _enroll(data, name)


def _enroll(data: Path, name: str) -> Enrolled:
    place = Place(data)
    _need_ca(place)
    with _alone(place):
        if not _is_good(place, name):
            _issue(place, name, ec.generate_private_key(ec.SECP256R1()))
    return Enrolled(*place.pair(name), place.ca)


def sign(data: Path, request: bytes, board: str | None = None) -> bytes:
    """The certificate (PEM) for a board's own key, asked for in PEM or DER; None of its wishes
    counts but its name, which must be that of `board` where one is given."""
    place = Place(data)
    _need_ca(place)
    try:
        is_pem = request.lstrip().startswith(b"-----")
        load = x509.load_pem_x509_csr if is_pem else x509.load_der_x509_csr
        found = load(request)
        key = found.public_key()
        if not found.is_signature_valid:
            raise InvalidSignature
    except (ValueError, TypeError, InvalidSignature) as error:
        raise UserError("the board's request for a certificate is damaged: try again.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UserError("the board's request for a certificate is not for a P-256 key.")
    name = common_name(found.subject)
    if not is_board_id(name) or name != (board or name):
        raise UserError(f"the request is for {name or 'nobody'}, and not for {board or 'a board'}.")
    with _alone(place):
        return _sign(place, name, key, ())


def revoke(data: Path, board: str) -> int:
    """From now on no certificate of this board is accepted; how many there were."""
    place = Place(data)
    if not place.issued.is_file():
        return 0
    with _alone(place):
        lines, revoked = [], 0
        for line in _issued(place):
            if line[1] == board and line[3:] != ["revoked"]:
                line = [*line[:3], "revoked"]
                revoked += 1
            lines.append(" ".join(line))
        if revoked:
            write_whole(place.issued, ("\n".join(lines) + "\n").encode())
            _write_revocations(place)
        for file in place.pair(board):
            file.unlink(missing_ok=True)
    return revoked


def revoked_serials(data: Path) -> frozenset[int]:
    return frozenset(
        int(serial, 16) for serial, _, _, *rest in _issued(Place(data)) if rest == ["revoked"]
    )


def ending_soon(data: Path, now: datetime.datetime | None = None) -> list[str]:
    """A sentence for each certificate of this server and its boards that ends within 30 days."""
    place, sentences = Place(data), []
    now = now or datetime.datetime.now(datetime.UTC)
    own = [place.ca, place.pair(BROKER)[0], place.pair(SERVER)[0]]
    for file in [*own, *sorted((place.folder / "boards").glob("*.pem"))]:
        with contextlib.suppress(OSError, ValueError):
            ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
            if ends - now < RENEW_DAYS * DAY:
                what = "has ended" if ends <= now else "ends"
                sentences.append(f"the certificate {file.name} {what} on {ends:%Y-%m-%d}")
    return sentences


def own_names() -> set[str]:
    """The names and addresses of this computer, as far as it knows them."""
    names = {"localhost", "127.0.0.1", "::1"}
    host = socket.gethostname()
    names |= {host, f"{host}.local", socket.getfqdn()}
    with contextlib.suppress(OSError):
        names |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    # The address of the interface that leads outside; nothing is sent.
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        names.add(str(probe.getsockname()[0]))
    return {name for name in names if general_name(name) is not None}


# --- certificates -------------------------------------------------------------------------------


def _need_ca(place: Place) -> None:
    if not place.ca_key.is_file():
        raise UserError(
            f"there is no certificate authority in {place.folder}: start the server once "
            "(piow run -t server), or name its folder with --data."
        )


def _alone(place: Place) -> contextlib.AbstractContextManager[None]:
    """Two programs must not write certificates at once: a gateway enrols while a server starts."""
    return files.lock(place.ca.with_name("lock"), "another program is making certificates")


def _make_ca(place: Place) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    # The number keeps two installations apart; a name that says whose it is would leak it.
    name = named(f"Anomaly CA {os.urandom(4).hex()}")
    certificate = (
        begun(name, name, key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_secret(place.ca_key, key_pem(key))
    write_whole(place.ca, certificate.public_bytes(serialization.Encoding.PEM))
    write_whole(place.issued, b"")
    _write_revocations(place)


def _issue(
    place: Place, name: str, key: ec.EllipticCurvePrivateKey, names: Iterable[str] = ()
) -> None:
    certificate_file, key_file = place.pair(name)
    certificate = _sign(place, name, key.public_key(), names)
    write_secret(key_file, key_pem(key))
    write_whole(certificate_file, certificate)


def _sign(place: Place, name: str, key: ec.EllipticCurvePublicKey, names: Iterable[str]) -> bytes:
    ca, ca_key = _ca(place)
    own = name in (BROKER, SERVER)
    serves, asks = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    usage = {BROKER: [serves], SERVER: [serves, asks]}.get(name, [asks])
    builder = (
        begun(named(name), ca.subject, key, _OWN_DAYS if own else _BOARD_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
    )
    general = [found for found in map(general_name, names) if found is not None]
    if general:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    certificate = builder.sign(ca_key, hashes.SHA256())
    with place.issued.open("a", encoding="ascii") as file:
        file.write(
            f"{certificate.serial_number:x} {name} {certificate.not_valid_after_utc:%Y-%m-%d}\n"
        )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _ca(place: Place) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        key = serialization.load_pem_private_key(place.ca_key.read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(place.ca.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"the certificate authority in {place.ca.parent} is damaged") from error
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate, key


def _is_good(place: Place, name: str, names: Iterable[str] = ()) -> bool:
    """Whether it is there with its key, of this CA, for these names, and does not end soon."""
    certificate_file, key_file = place.pair(name)
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificate.verify_directly_issued_by(_ca(place)[0])
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    wanted = {general_name(found) for found in names} - {None}
    have: set[x509.GeneralName | None] = set()
    with contextlib.suppress(x509.ExtensionNotFound):
        have.update(
            certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        )
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return (
        certificate.public_key() == key.public_key()
        and wanted <= have
        and left > RENEW_DAYS * DAY
        and certificate.serial_number not in revoked_serials(place.folder)
    )


def _added_names(place: Place) -> set[str]:
    """Those that somebody gave the broker besides this computer's own; addresses change."""
    try:
        old = x509.load_pem_x509_certificate(place.pair(BROKER)[0].read_bytes())
        names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return set()
    return set(names.get_values_for_type(x509.DNSName))


def _write_revocations(place: Place) -> None:
    ca, ca_key = _ca(place)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.subject)
        .last_update(now - DAY)
        .next_update(now + _CRL_DAYS * DAY)
    )
    for serial in sorted(revoked_serials(place.folder)):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        builder = builder.add_revoked_certificate(entry.build())
    crl = builder.sign(ca_key, hashes.SHA256())
    write_whole(place.revocations, crl.public_bytes(serialization.Encoding.PEM))


def _issued(place: Place) -> list[list[str]]:
    try:
        lines = place.issued.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    return [words for words in map(str.split, lines) if len(words) in (3, 4)]
