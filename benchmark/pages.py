"""How fast the pages of the server open: a board with years of minutes, on this computer.

The database is filled as the ingest would leave it, then the real server is asked over a socket,
and a real browser, where there is one, until its charts are drawn.
"""

import argparse
import http.client
import json
import math
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmark import arguments, tables
from project.errors import UserError

BOARD: Final = "020000000001"
MINUTE_MS: Final = 60_000
RANGES: Final = {"1 hour": 60, "1 day": 1440, "30 days": 43_200, "1 year": 525_600}
TIMES: Final = 9  # each is measured so often; the median counts
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_NAME, _PASSWORD = "benchmark", "of no other use"


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser("pages", help="how fast the server's pages open, with years of data")
    parser.add_argument(
        "--minutes", type=arguments.count, default=1_000_000, help="of the board's history"
    )
    parser.add_argument("--json", action="store_true", help="for machines, on standard output")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    found = measure(options.minutes, lambda text: print(f"pages: {text}", file=sys.stderr))
    if options.json:
        print(json.dumps(found, indent=1))
        return
    rows = [[what, f"{ms:.0f} ms"] for what, ms in found["ms"].items()]
    print(tables.text([[f"{found['minutes']:,} minutes, median of {TIMES}", ""], *rows]))


def measure(minutes: int, told: Callable[[str], None]) -> dict[str, Any]:
    """`minutes`, and in `ms` the median of each page, series and view in the browser."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pages.sqlite"
        told(f"filling {minutes} minutes")
        fill(file, minutes)
        with _running(file) as port:
            cookie = _log_in(port)
            told("asking the server")
            found = {"page of a board": _median(partial(_get, port, f"/boards/{BOARD}", cookie))}
            now = time.time_ns() // 1_000_000
            for name, length in {**RANGES, "all of it": minutes}.items():
                since = now - length * MINUTE_MS
                query = f"since={since}&until={now}&points=1000"
                path = f"/api/boards/{BOARD}/history?{query}"
                found[f"series, {name}"] = _median(partial(_get, port, path, cookie))
            told("asking the browser")
            found |= _in_a_browser(port, cookie)
    return {"minutes": minutes, "times": TIMES, "ms": found}


def fill(file: Path, minutes: int) -> None:
    """A board whose minutes and hours end now."""
    import sqlite3

    from server.messages import Info, Status
    from server.store import Store
    from server.web.passwords import hash_password

    store = Store(f"sqlite:///{file}")
    store.add_user(_NAME, hash_password(_PASSWORD))
    info = Info(
        board=BOARD, firmware="1.0.0", profile="temperature", model="0" * 12, boot=1, reset=None,
        period_us=500_000, names=["temperature"], units=["C"], address=None,
    )  # fmt: skip
    store.ingest([Status(BOARD, True), info])
    store.close()
    last = time.time_ns() // 1_000_000 // MINUTE_MS
    connection = sqlite3.connect(file)
    for table, unit, length in (("state_1m", "minute", 1), ("state_1h", "hour", 60)):
        rows = (_row(at, length) for at in range((last - minutes) // length, last // length + 1))
        columns = f"board, {unit}, low, high, total, weight, expected_total, expected_weight, "
        places = ", ".join("?" * 11)
        connection.executemany(
            f"INSERT INTO {table} ({columns} score_max, threshold, n) VALUES ({places})", rows
        )
    connection.commit()
    connection.close()


def _row(at: int, length: int) -> tuple[object, ...]:
    mean, n = 25 + 3 * math.sin(at * length / 229), 120 * length
    score = 0.5 + 0.2 * math.sin(at * 1.7)
    return (BOARD, at, mean - 0.2, mean + 0.2, mean * n, n, mean * length, length, score, 1.0, n)


@contextmanager
def _running(file: Path) -> Iterator[int]:
    """The pages as `python -m server` serves them; their port."""
    import uvicorn

    from server import web
    from server.store import Store

    class NoCommands:
        def send(self, board_id: str, text: str) -> str:
            raise UserError(f"no board {board_id} for {text} here")

    store = Store(f"sqlite:///{file}")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web.app(store, NoCommands()), log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        store.close()


def _median(ask: Callable[[], object]) -> float:
    """Milliseconds; the first time, which opens files, does not count."""
    times = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


def _get(port: int, path: str, cookie: str) -> bytes:
    return _ask(port, "GET", path, None, {"Cookie": cookie})[0]


def _log_in(port: int) -> str:
    page, cookie = _ask(port, "GET", "/login", None, {})
    token = page.decode().partition('name="token" value="')[2][:64]
    form = urllib.parse.urlencode({"token": token, "name": _NAME, "password": _PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    return _ask(port, "POST", "/login", form, headers)[1]


def _ask(
    port: int, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[bytes, str]:
    """What comes, and the cookie that comes with it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}")
        return answer.read(), answer.headers.get("Set-Cookie", "").partition(";")[0]
    finally:
        connection.close()


def _in_a_browser(port: int, cookie: str) -> dict[str, float]:
    """From the click to the charts, shortest and longest range; {} without a browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {}
    if program is None:
        return {}
    name, _, value = cookie.partition("=")
    address = f"http://127.0.0.1:{port}"
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        for text, query in (("1 hour", "hour"), ("1 year", "year")):

            def opened(query: str = query) -> None:
                page.goto(f"{address}/boards/{BOARD}?range={query}")
                page.wait_for_selector(".charts[data-drawn]")

            found[f"in a browser, charts drawn, {text}"] = _median(opened)
        browser.close()
    return found
