"""Certificates: made, renewed, signed for a board's own key, refused."""

import datetime
from pathlib import Path

import pytest
from board_messages import BOARD, OTHER
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from server_parts import data

from project.errors import UserError
from server import authority
from server.certificates import common_name, named
from server.place import Place

__all__ = ["data"]  # a fixture

KEY = ec.generate_private_key(ec.SECP256R1())


def request(
    name: str = BOARD,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey = KEY,
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(named(name))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(
        key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    )


@pytest.fixture
def ca(data: Path) -> Path:
    authority.prepare(data)
    return data


def test_certificates_are_made_and_renewed(data: Path) -> None:
    assert len(authority.prepare(data)) == 3
    assert authority.prepare(data) == []
    assert authority.ending_soon(data) == []
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=390)
    assert len(authority.ending_soon(data, later)) == 2
    said = authority.prepare(data, ["broker.example.com", "192.0.2.9", "0.0.0.0"])
    assert len(said) == 2
    assert "broker.example.com" in said[0]
    assert "192.0.2.9" in said[0]
    assert "0.0.0.0," not in said[0]
    # A name that was added stays when the certificate is made again.
    Place(data).pair("broker")[1].unlink()
    (said_again,) = authority.prepare(data)
    assert "broker.example.com" in said_again


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_board_gets_a_certificate_for_its_own_key(ca: Path, encoding: Encoding) -> None:
    pem = authority.sign(ca, request().public_bytes(encoding), BOARD)
    found = x509.load_pem_x509_certificate(pem)
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(Place(ca).ca.read_bytes()))
    assert found.public_key() == KEY.public_key()
    assert common_name(found.subject) == BOARD
    # Of what the request asks for, only name and key count.
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert authority.revoke(ca, BOARD) == 1
    assert authority.revoked_serials(ca) == {found.serial_number}
    revocations = x509.load_pem_x509_crl(Place(ca).revocations.read_bytes())
    assert [entry.serial_number for entry in revocations] == [found.serial_number]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (b"nonsense", "is damaged"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", "is damaged"),
        (request().public_bytes(Encoding.DER)[:-1] + b"\x00", "is damaged"),
        (request(OTHER).public_bytes(Encoding.DER), f"is for {OTHER}, and not for {BOARD}"),
        (request(authority.SERVER).public_bytes(Encoding.DER), "is for server, and not for"),
        (
            request(BOARD, ec.generate_private_key(ec.SECP384R1())).public_bytes(Encoding.DER),
            "not for a P-256 key",
        ),
        (
            request(BOARD, ed25519.Ed25519PrivateKey.generate()).public_bytes(Encoding.DER),
            "not for a P-256 key",
        ),
    ],
)
def test_no_other_request_is_signed(ca: Path, asked: bytes, sentence: str) -> None:
    before = Place(ca).issued.read_bytes()
    with pytest.raises(UserError, match=sentence):
        authority.sign(ca, asked, BOARD)
    assert Place(ca).issued.read_bytes() == before


def test_only_a_board_is_signed_for_also_where_none_is_named(ca: Path) -> None:
    with pytest.raises(UserError, match="is for server, and not for a board"):
        authority.sign(ca, request(authority.SERVER).public_bytes(Encoding.DER))


def test_a_certificate_is_made_once_until_it_is_revoked(ca: Path) -> None:
    first = authority.enroll(ca, BOARD).certificate.read_bytes()
    assert authority.enroll(ca, BOARD).certificate.read_bytes() == first
    authority.revoke(ca, BOARD)
    assert authority.enroll(ca, BOARD).certificate.read_bytes() != first
    assert len(authority.revoked_serials(ca)) == 1
