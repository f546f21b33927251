"""`python -m server enroll --port`: a board on a serial line makes its own key and is signed."""

import base64
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from project.errors import UserError
from server import authority, options, serial_enrolment
from server.place import Place, write_address

ID = "24a160c1d2e3"


class Board:
    """The board's side of the line, as lib/Link/src/ProvisioningConsole.cpp answers."""

    def __init__(self, name: str = ID, refuses: str = "") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name, self.refuses = name, refuses
        self.parts = {"ca": b"", "cert": b""}
        self.done: list[str] = []
        self.longest = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rwb") as line:
            for text in line:
                self.longest = max(self.longest, len(text))
                line.write(b"Real: 25.13 | Recon: 25.02 | Score: 0.0123\r\n")
                line.write(self._answer(text.decode().split()).encode() + b"\r\n")
                line.flush()

    def _answer(self, words: list[str]) -> str:
        if self.refuses:
            return f"ERR {self.refuses}"
        if words == ["enroll"]:
            name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
            request = x509.CertificateSigningRequestBuilder().subject_name(name)
            der = request.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)
            return f"OK enroll id={ID} csr={base64.b64encode(der).decode()}"
        if words[1] == "done":
            self.done = words[2:]
            return "OK enroll=done"
        if int(words[2]) != len(self.parts[words[1]]):
            return "ERR this part does not follow the one before, or it is too long"
        self.parts[words[1]] += base64.b64decode(words[3])
        return f"OK enroll bytes={len(self.parts[words[1]])}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    authority.prepare(tmp_path)
    return tmp_path


@pytest.fixture
def board() -> Iterator[Board]:
    found = Board()
    yield found
    found.close()


def enrol(data: Path, board: Board, *more: str) -> int:
    words = ["enroll", "--data", str(data), "--port", board.port, *more]
    return serial_enrolment.run(options.parse(words))


def test_a_board_gets_a_certificate_for_its_own_key(
    data: Path, board: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrol(data, board, "--broker", "mqtts://broker.lan:8884") == 0
    own = x509.load_der_x509_certificate(board.parts["cert"])
    ca = x509.load_der_x509_certificate(board.parts["ca"])
    own.verify_directly_issued_by(ca)
    assert own.public_key() == board.key.public_key()
    assert ca == x509.load_pem_x509_certificate(Place(data).ca.read_bytes())
    assert int(board.done[0]) > 1_700_000_000_000 and board.done[1] == "mqtts://broker.lan:8884"
    assert f"Board {ID} has its certificate" in capsys.readouterr().out
    assert board.longest <= 640  # of a line that a board takes
    # No copy of the key is anywhere, and none of the certificate is needed.
    assert [file.name for file in Place(data).folder.glob("boards/*")] == []


def test_it_is_the_address_that_boards_reach_or_it_is_asked_for(data: Path, board: Board) -> None:
    with pytest.raises(UserError, match="--listen"):
        enrol(data, board)
    write_address(Place(data), "mqtts://127.0.0.1:8883")
    with pytest.raises(UserError, match="for this computer only"):
        enrol(data, board)
    write_address(Place(data), "mqtts://192.168.1.2:8883")
    assert enrol(data, board) == 0
    assert board.done[1] == "mqtts://192.168.1.2:8883"


def test_nobody_gets_a_certificate_for_another(data: Path) -> None:
    board = Board(name="020000000009")
    with pytest.raises(UserError, match=f"and not for {ID}"):
        enrol(data, board, "--broker", "mqtts://h")
    board.close()


def test_what_the_board_refuses_is_said(data: Path) -> None:
    board = Board(refuses="this firmware has no network of its own")
    with pytest.raises(UserError, match="refused to be enrolled: this firmware has no network"):
        enrol(data, board, "--broker", "mqtts://h")
    board.close()
