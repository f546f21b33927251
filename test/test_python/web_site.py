"""The pages as the tests open them: a real server on a real port, over a real database."""

import http.client
import re
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from server.messages import BoardEvent, Info, Message, State, Status, WindowPiece
from server.store import Store, now_ms
from server.web import app
from server.web.passwords import hash_password

NAME, PASSWORD = "anna", "three small owls"
HASH = hash_password(PASSWORD, log2_cost=4)  # quick
QUIET, HOT, SILENT = "020000000001", "020000000002", "020000000003"


@dataclass
class Board:
    """The boards' side of `commands`: what was sent, and what is answered."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    answer: Callable[[str], str] = lambda text: f"OK {text}"

    def send(self, board_id: str, text: str) -> str:
        self.sent.append((board_id, text))
        return self.answer(text)


@dataclass
class Site:
    port: int
    store: Store
    commands: Board
    said: list[str]
    cookie: str = ""  # of who is logged in

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(folder: Path, member: bool = True) -> Iterator[Site]:
    """A site with a login, or as it is at its first start."""
    store = Store(f"sqlite:///{folder / 'site.sqlite'}")
    if member:
        store.add_user(NAME, HASH)
    commands, said = Board(), list[str]()
    listener = socket.create_server(("127.0.0.1", 0))
    site = Site(listener.getsockname()[1], store, commands, said)
    config = uvicorn.Config(
        app(store, commands, site.address, said.append), log_level="critical", server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        yield site
    finally:
        server.should_exit = True
        thread.join(10)
        store.close()
        listener.close()


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


class Visitor:
    """A browser without a face: keeps the cookie, sends forms as a page of the site would."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookie = ""

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent.setdefault("Cookie", self.cookie)
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=10)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for value in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = value.partition(";")[0]
        return Answer(answer.status, answer.headers, text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def token(self, page: str = "/login") -> str:
        """What a form on that page brings back."""
        found = re.search(r'name="token" value="([0-9a-f]{64})"', self.get(page).text)
        assert found, page
        return found[1]

    def post(self, path: str, page: str = "/", **fields: str) -> Answer:
        """Sends a form that stands on a page."""
        return self.ask("POST", path, urllib.parse.urlencode({"token": self.token(page), **fields}))

    def log_in(self, name: str = NAME, password: str = PASSWORD, wanted: str = "") -> Answer:
        return self.post("/login", "/login", name=name, password=password, next=wanted)


def member(site: Site) -> Visitor:
    """Somebody who is logged in; on one site always in the same session."""
    visitor = Visitor(site)
    visitor.cookie = site.cookie
    if not visitor.cookie:
        assert visitor.log_in().status == 303
        site.cookie = visitor.cookie
    return visitor


# --- what boards have sent ------------------------------------------------------------------------


def state(board: str, t: int, up: int, **changes: object) -> State:
    figures: dict[str, object] = {
        "state": "NORMAL", "score": 0.31, "score_max": 0.6, "threshold": 1.0, "value": 25.1,
        "expected": 25.0, "low": 24.9, "high": 25.2, "mean": 25.05, "n": 20, "cause": None,
        "fault": None, "rssi": -61, "heap_min": 163_000, "queue": 0, "lost": 0, "missed": 0,
        "dropped": 0,
    }  # fmt: skip
    return State(board=board, boot=17, up=up, t=t, **figures | changes)  # type: ignore[arg-type]


def event(board: str, seq: int, t: int, kind: str, **changes: object) -> BoardEvent:
    figures: dict[str, object] = {"cause": None, "score": None, "value": None, "recon": None}
    return BoardEvent(
        board=board, boot=17, seq=seq, prev=(17, seq - 1) if seq > 1 else None, t=t, tq="ntp",
        up=1000 * seq, kind=kind, threshold=1.0, model="a1b2c3d4e5f6", radio=0,
        **figures | changes,  # type: ignore[arg-type]
    )  # fmt: skip


def introduced(board: str, **changes: str) -> list[Message]:
    figures = {"firmware": "1.0.0", "profile": "temperature"} | changes
    return [
        Status(board, True),
        Info(board=board, model="a1b2c3d4e5f6", boot=17, reset="power-on", period_us=500_000,
             names=["temperature"], units=["C"], address=None, **figures),
    ]  # fmt: skip


def piece(board: str, seq: int, at: int, n: int) -> WindowPiece:
    places = range(at, at + n)
    hot = [0 <= place < 8 for place in places]
    return WindowPiece(
        board, 17, seq, at, 500_000, [50.0 if h else 25.0 for h in hot], [25.1] * n,
        [7.5 if h else 0.3 for h in hot],
    )  # fmt: skip


def furnish(store: Store) -> None:
    """Three boards: one quiet with an hour of history, one in an anomaly, one silent."""
    now = now_ms()
    for board in (QUIET, HOT, SILENT):
        store.ingest(introduced(board), now)
    store.rename(QUIET, "Cellar", "House")
    store.ingest(
        [state(QUIET, now - m * 60_000, 10_000_000 - m * 60_000) for m in range(90, -1, -1)], now
    )
    hot = {"state": "ANOMALY", "score": 7.5, "value": 50.0, "expected": 25.1, "cause": "level"}
    store.ingest([state(HOT, now, 5_000_000, **hot), state(SILENT, now, 1000)], now)
    store.ingest([Status(SILENT, False)], now)
    began = {"cause": "level", "score": 7.5, "value": 50.0, "recon": 25.1}
    for board in (QUIET, HOT):
        store.ingest([event(board, 1, now - 3_000_000, "boot")], now)
        store.ingest([event(board, 2, now - 900_000, "start", **began)], now)
        store.ingest([piece(board, 2, at, 30) for at in range(-120, 30, 30)], now)
    store.ingest([event(QUIET, 3, now - 890_000, "end")], now)


def address_of_event(board: str = QUIET, seq: int = 2) -> str:
    return f"/boards/{board}/events/17/{seq}"
