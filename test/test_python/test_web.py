"""The pages keep strangers out: login, sessions, forms, headers, what hostile boards send."""

import hashlib
import http.client
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from starlette.routing import Route
from web_site import (
    HASH,
    HOT,
    NAME,
    PASSWORD,
    QUIET,
    SILENT,
    Answer,
    Site,
    Visitor,
    address_of_event,
    event,
    furnish,
    introduced,
    member,
    running,
    state,
)

from project.errors import UserError
from server.store import Minute, Store, Window, now_ms
from server.web import gaps, passwords, series, view
from server.web.headers import FOR_GOOD
from server.web.sessions import IDLE_SECONDS, MOST_SECONDS, Sessions
from server.web.site import STATIC, routes
from server.web.throttle import MOST_KEYS, TRIES, WINDOW_SECONDS, Throttle, network_of

ROUTES: Final = [route for route in routes() if isinstance(route, Route)]
OPEN: Final = ("/login", "/setup")


def address(route: Route) -> str:
    """A route with a board and an event that there are."""
    path = route.path.replace("{board}", QUIET)
    return path.replace("{boot:int}", "17").replace("{seq:int}", "2")


def of_method(method: str) -> list[str]:
    return sorted({address(r) for r in ROUTES if method in (r.methods or ())})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with boards, for tests that do not log in wrongly."""
    with running(tmp_path_factory.mktemp("site")) as found:
        furnish(found.store)
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    """A site for one test alone."""
    with running(tmp_path) as found:
        yield found


def audited(site: Site) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.who, entry.what) for entry in site.store.audits(100)]


# --- first start ----------------------------------------------------------------------------------


def test_the_first_login_needs_the_code_on_the_console(tmp_path: Path) -> None:
    with running(tmp_path, member=False) as site:
        (said,) = site.said
        code = re.search(r"/setup\?code=([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})\n", said)
        assert code
        visitor = Visitor(site)
        for path in ("/", "/login", f"/boards/{QUIET}"):
            assert visitor.get(path).headers["Location"] == "/setup"
        form = {"name": NAME, "password": PASSWORD, "again": PASSWORD}
        for wrong in ("", "AAAA-AAAA-AAAA-AAAA", code[1][:-1]):
            refused = visitor.post("/setup", "/setup", code=wrong, **form)
            assert refused.status == 403
            assert "not the code on the server" in refused.text
        assert site.store.user_count() == 0
        assert ("set-up refused", "nobody yet", "wrong code from 127.0.0.1") in audited(site)
        made = visitor.post("/setup", "/setup", code=code[1].lower().replace("-", " "), **form)
        assert (made.status, made.headers["Location"]) == (303, "/")
        assert visitor.get("/").status == 200
        assert audited(site)[0] == ("first login made", NAME, "from 127.0.0.1")
        assert PASSWORD not in repr(site.store.user(NAME))
        late = Visitor(site)
        assert late.get(f"/setup?code={code[1]}").headers["Location"] == "/login"
        again = late.post("/setup", "/login", code=code[1], name="eve", password=PASSWORD)
        assert again.headers["Location"] == "/login"
        assert site.store.user_count() == 1


def test_there_is_no_first_start_where_there_is_a_login(own: Site) -> None:
    assert own.said == []
    assert Visitor(own).get("/setup").headers["Location"] == "/login"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"password": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"}, "guessed at once"),
        ({"again": "another three owls"}, "two passwords differ"),
        ({"name": "<b>"}, "The name may have"),
        ({"name": ""}, "The name may have"),
    ],
)
def test_a_bad_first_login_is_refused_with_its_reason(
    tmp_path: Path, fields: dict[str, str], sentence: str
) -> None:
    with running(tmp_path, member=False) as site:
        code = site.said[0].partition("code=")[2].partition("\n")[0]
        form = {"name": NAME, "password": PASSWORD, "again": PASSWORD, "code": code} | fields
        refused = Visitor(site).post("/setup", "/setup", **form)
        assert refused.status == 400
        assert sentence in refused.text
        assert form["password"] not in refused.text
        assert site.store.user_count() == 0


# --- passwords and logins -------------------------------------------------------------------------


def test_a_password_is_its_own_and_no_other() -> None:
    assert passwords.hash_password(PASSWORD).startswith("scrypt$15$8$1$")
    assert passwords.is_password(PASSWORD, HASH)
    assert not passwords.is_password(PASSWORD + " ", HASH)
    assert not passwords.is_password(PASSWORD, None)
    assert not passwords.is_password(PASSWORD, "scrypt$damaged")
    assert not passwords.is_password("x" * 10_000, HASH)
    assert passwords.hash_password(PASSWORD) != HASH, "a salt of its own"


def test_nobody_learns_which_names_there_are(own: Site) -> None:
    def seen(answer: Answer, name: str) -> tuple[int, str, list[str]]:
        text = re.sub(r"[0-9a-f]{64}", "TOKEN", answer.text).replace(name, "NAME")
        return answer.status, text, sorted(answer.headers.keys())

    visitor = Visitor(own)
    visitor.get("/login")
    wrong = seen(visitor.log_in(NAME, "wrong password"), NAME)
    unknown = seen(visitor.log_in("hunter2", "wrong password"), "hunter2")
    assert wrong == unknown
    assert wrong[0] == 401
    assert ("login failed", NAME, "from 127.0.0.1") in audited(own)
    assert ("login failed", "an unknown name", "from 127.0.0.1") in audited(own)
    assert "hunter2" not in repr(audited(own)), "may be a password in the wrong field"


def test_guessing_is_stopped_and_the_right_password_then_too(own: Site) -> None:
    visitor = Visitor(own)
    for _ in range(TRIES["address"]):
        assert visitor.log_in(password="x" * 201).status == 401  # refused without work
    stopped = visitor.log_in()
    assert stopped.status == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= WINDOW_SECONDS
    assert "wait 15 minutes" in stopped.text


def test_a_throttle_counts_by_name_and_address_and_forgets_in_time() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(TRIES["address"]):
        assert throttle.take("name a", "address 1") == 0
    assert throttle.take("name b", "address 1") == WINDOW_SECONDS
    assert throttle.take("name a", "address 2") == 0
    for number in range(TRIES["name"] - TRIES["address"] - 1):
        assert throttle.take("name a", f"address {number + 10}") == 0
    assert throttle.take("name a", "address 99") > 0
    now += WINDOW_SECONDS
    assert throttle.take("name a", "address 1") == 0
    throttle.clear("name a", "address 1")
    for number in range(3 * MOST_KEYS):
        throttle.take(f"name {number}", f"address {number}")
    assert len(throttle) <= MOST_KEYS


def test_addresses_of_one_computer_count_together() -> None:
    assert network_of("192.168.1.7") == network_of("::ffff:192.168.1.7") == "192.168.1.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") == "2001:db8::/64"
    assert network_of("fe80::1%eth0") == "fe80::/64"


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_a_login_leads_nowhere_else(site: Site, wanted: str) -> None:
    assert Visitor(site).log_in(wanted=wanted).headers["Location"] == "/"


def test_a_login_leads_to_the_page_that_was_wanted(site: Site) -> None:
    visitor = Visitor(site)
    asked = visitor.get(address_of_event()).headers["Location"]
    assert asked == "/login?" + urllib.parse.urlencode({"next": address_of_event()})
    assert visitor.log_in(wanted=address_of_event()).headers["Location"] == address_of_event()


# --- sessions -------------------------------------------------------------------------------------


def test_a_cookie_from_before_the_login_opens_nothing(site: Site) -> None:
    visitor = Visitor(site)
    visitor.get("/login")
    planted = visitor.cookie
    assert visitor.log_in().status == 303
    assert visitor.cookie != planted
    other = Visitor(site)
    other.cookie = planted
    assert other.get("/").headers["Location"] == "/login"


def test_the_cookie_is_for_this_site_alone(site: Site) -> None:
    cookie = Visitor(site).get("/login").headers["Set-Cookie"]
    assert re.fullmatch(
        r"anomaly=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=strict", cookie
    )
    secure = Visitor(site).get("/login", X_Forwarded_Proto="https")  # of a proxy on this computer
    assert secure.headers["Set-Cookie"].startswith("__Host-anomaly=")
    assert secure.headers["Set-Cookie"].endswith("; Secure")


def test_a_log_out_ends_the_session_in_the_server(site: Site) -> None:
    visitor = Visitor(site)
    visitor.log_in()
    kept = visitor.cookie
    assert visitor.post("/logout").headers["Location"] == "/login"
    visitor.cookie = kept
    assert visitor.get("/").headers["Location"] == "/login"


def test_a_session_ends_when_idle_when_old_and_with_a_new_password(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'sessions.sqlite'}")
    store.add_user(NAME, HASH)
    now = now_ms() / 1000
    sessions = Sessions(store, lambda: now)
    cookie = sessions.begin(NAME)
    now += IDLE_SECONDS - 1
    found = sessions.find(cookie)
    assert found
    assert found.user == NAME
    now += IDLE_SECONDS + 1
    assert sessions.find(cookie) is None
    now -= IDLE_SECONDS + 1
    assert sessions.find(cookie) is None, "for good"
    cookie = sessions.begin(NAME)
    assert Sessions(store, lambda: now).find(cookie), "outlives a restart"
    assert cookie not in repr(store.session_user(cookie)), "the database has its hash"
    store.set_password(NAME, HASH)
    assert sessions.find(cookie) is None
    assert MOST_SECONDS > IDLE_SECONDS
    store.close()


# --- who may ask ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [p for p in of_method("GET") if p not in OPEN])
def test_a_stranger_sees_nothing(site: Site, path: str) -> None:
    answer = Visitor(site).get(path)
    if path.startswith(("/api/", "/live/")):
        assert (answer.status, answer.text) == (
            401, '{"error":"You are logged out; log in again."}',
        )  # fmt: skip
    else:
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/login")
    assert "Cellar" not in answer.text


@pytest.mark.parametrize("path", of_method("POST"))
def test_a_form_of_another_site_is_refused(site: Site, path: str) -> None:
    visitor, other = member(site), Visitor(site)
    foreign = other.token("/login")
    token = visitor.token("/")
    good = urllib.parse.urlencode({"token": token})
    refused = {
        "no token": visitor.ask("POST", path, "label=real"),
        "of another session": visitor.ask("POST", path, f"token={foreign}"),
        "another origin": visitor.ask("POST", path, good, Origin="http://evil.example"),
        "no origin": visitor.ask("POST", path, good, Origin="null"),
        "cross-site": visitor.ask("POST", path, good, Sec_Fetch_Site="cross-site"),
        "plain text": visitor.ask("POST", path, good, Content_Type="text/plain"),
        "JSON": visitor.ask("POST", path, "{}", Content_Type="application/json"),
        "many fields": visitor.ask("POST", path, "&".join(f"a{n}=1" for n in range(99))),
    }
    expected = dict.fromkeys(refused, 403) | {"plain text": 415, "JSON": 415, "many fields": 400}
    assert {name: answer.status for name, answer in refused.items()} == expected
    assert visitor.get("/").status == 200, "still logged in"
    assert site.store.event(QUIET, 17, 2).label is None  # type: ignore[union-attr]


def test_a_body_is_bounded_however_it_is_sent(site: Site) -> None:
    long = "token=" + "x" * 17_000
    visitor = Visitor(site)
    for body in (long, (chunk.encode() for chunk in (long[:9000], long[9000:]))):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/login", body, headers, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 413
        assert answer.headers["Content-Security-Policy"]
        connection.close()
    assert visitor.get("/login").status == 200


# --- headers and pages ----------------------------------------------------------------------------


def pages(site: Site) -> dict[str, Answer]:
    visitor = member(site)
    paths = [*of_method("GET"), "/?show=silent", "/nothing", f"/boards/{SILENT}",
             f"/boards/{HOT}?range=year", f"{STATIC}/style.css", f"{STATIC}/nothing"]  # fmt: skip
    return {path: visitor.get(path) for path in paths}


def test_every_answer_has_the_security_headers(site: Site) -> None:
    for path, answer in pages(site).items():
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; "), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        wanted = FOR_GOOD if path == f"{STATIC}/style.css" else "no-store"
        assert answer.headers["Cache-Control"] == wanted, path
        assert "Server" not in answer.headers


def test_no_page_needs_what_the_policy_forbids(site: Site) -> None:
    for path, answer in pages(site).items():
        if path.startswith("/static/") or answer.status == 303:
            continue
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text), path
        assert not re.search(r"(src|href)=[\"'](https?:)?//", answer.text), path


def test_the_charts_library_is_as_it_came(project: Path) -> None:
    folder = project / "server" / "web" / "static" / "uplot"
    sums = re.findall(r"^    ([0-9a-f]{64})  (\S+)$", (folder / "README.md").read_text(), re.M)
    files = {file.name for file in folder.iterdir()} - {"README.md"}
    assert {name for _, name in sums} == files
    for digest, name in sums:
        data = (folder / name).read_bytes().replace(b"\r\n", b"\n")  # as git may have written it
        assert hashlib.sha256(data).hexdigest() == digest, name


def test_a_fault_of_ours_tells_nothing(own: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = member(own)

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(own.store, "boards", broken)
    answer = visitor.get("/")
    assert answer.status == 500
    assert "console says what" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/boards/020000000009",
        "/boards/..%2f..%2fetc",
        "/boards/' OR 1=1 --".replace(" ", "%20"),
        f"/boards/{QUIET}/events/17/99",
        f"/boards/{QUIET}/events/99999999999999999999999/1",
        f"/api/boards/{QUIET}/events/17/1/window",
        f"{STATIC}/../site.py",
        f"{STATIC}/%2e%2e/%2e%2e/site.py",
    ],
)
def test_what_there_is_not_is_not_found(site: Site, path: str) -> None:
    assert member(site).get(path).status == 404


@pytest.mark.parametrize("query", ["since=x", "since=9&until=1", "until=" + "9" * 30, "points=-1"])
def test_a_bad_range_is_refused(site: Site, query: str) -> None:
    answer = member(site).get(f"/api/boards/{QUIET}/history?{query}")
    assert answer.status == 400
    assert "must be" in answer.text


HOSTILE: Final = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def test_what_boards_and_users_write_is_text(own: Site) -> None:
    now = now_ms()
    own.store.ingest(introduced(HOT, firmware=HOSTILE, profile=HOSTILE), now)
    own.store.ingest([state(HOT, now, 1000, state="ANOMALY", cause=HOSTILE, fault=HOSTILE)], now)
    own.store.ingest([event(HOT, 1, now, "start", cause=HOSTILE)], now)
    visitor = member(own)
    renamed = visitor.post(f"/boards/{HOT}/name", name=HOSTILE + "\n\u202e", site=HOSTILE)
    assert renamed.status == 303
    own.commands.answer = lambda _: f"OK {HOSTILE}"
    visitor.post(f"/boards/{HOT}/command", command="normal")
    for path in ("/", f"/boards/{HOT}", f"/live/boards/{HOT}", address_of_event(HOT, 1), "/audit",
                 f"/?q={urllib.parse.quote(HOSTILE)}"):  # fmt: skip
        text = visitor.get(path).text
        assert "<img" not in text, path
        assert "&lt;img" in text, path
        assert "49" not in re.sub(r"[0-9a-f]{64}|datetime=\S+|[\d:-]+ UTC", "", text), path


# --- what the pages do ----------------------------------------------------------------------------


def notices(visitor: Visitor, path: str) -> list[str]:
    found = re.findall(
        r'<p class="notice (\w+)" role.*?<span>(.*?)</span>', visitor.get(path).text, re.S
    )
    return [f"{kind}: {text}" for kind, text in found]


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"command": "threshold", "value": " 0,75 "}, "threshold 0.75"),
        ({"command": "default", "value": "x"}, "threshold default"),
        ({"command": "calibrate"}, "calibrate"),
        ({"command": "normal"}, "normal"),
        ({"command": "learn"}, "learn"),
    ],
)
def test_a_button_sends_its_command(site: Site, fields: dict[str, str], sent: str) -> None:
    visitor = member(site)
    site.commands.sent.clear()
    answer = visitor.post(f"/boards/{QUIET}/command", **fields)
    assert answer.headers["Location"] == f"/boards/{QUIET}"
    assert site.commands.sent == [(QUIET, sent)]
    assert notices(visitor, f"/boards/{QUIET}") == [f"good: {sent}: OK {sent}"]
    assert notices(visitor, f"/boards/{QUIET}") == [], "shown once"
    assert ("command", NAME, f"{QUIET}: {sent}: OK {sent}") in audited(site)


@pytest.mark.parametrize("value", ["", "0", "-1", "nan", "1e5", "1 2", "0.5\nreboot", "9" * 12])
def test_a_threshold_is_a_number(site: Site, value: str) -> None:
    visitor = member(site)
    site.commands.sent.clear()
    visitor.post(f"/boards/{QUIET}/command", command="threshold", value=value)
    assert site.commands.sent == []
    assert notices(visitor, f"/boards/{QUIET}") == ["bad: The threshold must be a number above 0."]


@pytest.mark.parametrize("command", ["", "reboot", "factory-reset", "raw on", "threshold 1"])
def test_no_other_command_is_sent(site: Site, command: str) -> None:
    site.commands.sent.clear()
    assert member(site).post(f"/boards/{QUIET}/command", command=command).status == 400
    assert site.commands.sent == []


def test_what_a_board_refuses_or_leaves_unanswered_is_said(own: Site) -> None:
    own.store.ingest(introduced(QUIET), now_ms())
    visitor = member(own)

    def silent(_: str) -> str:
        raise UserError("the board did not answer within 5 s.")

    for answer, said in (
        (lambda _: "ERR calibrate: not in state NORMAL", "ERR calibrate: not in state NORMAL"),
        (silent, "the board did not answer within 5 s."),
    ):
        own.commands.answer = answer
        visitor.post(f"/boards/{QUIET}/command", command="calibrate")
        assert notices(visitor, f"/boards/{QUIET}") == [f"bad: calibrate: {said}"]


def test_an_anomaly_is_labelled_and_the_label_taken_back(own: Site) -> None:
    furnish(own.store)
    visitor = member(own)
    for label, kept in (("real", "real"), ("normal", "normal"), ("", None)):
        answer = visitor.post(f"{address_of_event()}/label", label=label)
        assert answer.headers["Location"] == address_of_event()
        found = own.store.event(QUIET, 17, 2)
        assert found
        assert (found.label, found.label_by) == (kept, NAME if kept else None)
        assert ("label", NAME, f"{QUIET} 17.2: {kept or 'none'}") in audited(own)
    assert visitor.post(f"{address_of_event()}/label", label="hm").status == 400
    assert visitor.post(f"{address_of_event(seq=1)}/label", label="real").status == 400


def test_a_name_is_short_and_may_be_taken_away(own: Site) -> None:
    own.store.ingest(introduced(QUIET), now_ms())
    visitor = member(own)
    for name, kept in ((" Pump\t3 ", "Pump 3"), ("x" * 61, "Pump 3"), ("", "")):
        visitor.post(f"/boards/{QUIET}/name", name=name, site="")
        board = own.store.board(QUIET)
        assert board
        assert board.name == kept


def test_the_parts_of_a_page_are_sent_when_they_have_changed(own: Site) -> None:
    now = now_ms()
    own.store.ingest(introduced(QUIET), now)
    visitor = member(own)
    first = visitor.get("/live/fleet")
    assert visitor.get("/live/fleet", If_None_Match=first.headers["ETag"]).status == 304
    own.store.ingest([event(QUIET, 1, now, "start", cause="level")], now)
    second = visitor.get("/live/fleet", If_None_Match=first.headers["ETag"])
    assert second.status == 200
    assert f'data-text="Anomaly began on {QUIET}: level."' in second.text


def test_the_fleet_is_sorted_filtered_and_searched(site: Site) -> None:
    visitor, now = member(site), now_ms()
    site.store.ingest([state(board, now, 20_000_000) for board in (QUIET, HOT)], now)

    def shown(query: str) -> list[str]:
        return re.findall(r'id="board-(\w+)"', visitor.get(f"/?{query}").text)

    assert shown("") == [HOT, SILENT, QUIET], "the gravest first"
    assert shown("show=normal") == [QUIET]
    assert shown("show=anomaly") == [HOT]
    assert shown("show=fault") == []
    assert shown("show=nonsense") == [HOT, SILENT, QUIET]
    assert shown("q=CELLAR") == [QUIET]


def test_older_events_are_on_further_pages(own: Site) -> None:
    now = now_ms()
    own.store.ingest(introduced(QUIET), now)
    for seq in range(1, 46):
        own.store.ingest([event(QUIET, seq, now - 1000, "settings")], now)
    visitor, path, seen = member(own), f"/boards/{QUIET}", list[str]()
    while path:
        text = visitor.get(path).text
        seen += re.findall(rf'id="event-{QUIET}-17-(\d+)"', text)
        older = re.search(r'href="(/boards/\w+\?before=[\d.]+)"', text)
        path = older[1] if older else ""
    assert seen == [str(seq) for seq in range(45, 0, -1)]


# --- series ---------------------------------------------------------------------------------------


def minute(number: int, mean: float = 1.0) -> Minute:
    return Minute(
        minute=number * 60_000, min=0.5, max=1.5, mean=mean, expected=1.1, score_max=0.3,
        threshold=1.0, n=120,
    )  # fmt: skip


def test_a_gap_in_the_minutes_breaks_the_line() -> None:
    times, low, *_, threshold = series.columns([minute(0), minute(1), minute(2), minute(9)])
    assert times == [30, 90, 150, 210, 570]
    assert low == [0.5, 0.5, 0.5, None, 0.5]
    assert threshold == [1.0, 1.0, 1.0, None, 1.0]
    assert series.columns([]) == [[]] * 7


def test_gaps_of_the_last_day_are_counted() -> None:
    rows = [minute(number) for number in (0, 1, 2, 4, 5, 30, 31)]
    found = gaps.found(rows, 0, 60 * 60_000)
    assert found
    assert (found.count, found.longest_ms) == (2, 28 * 60_000), "one minute alone is none"
    assert gaps.found([], 0, 60_000) is None


def test_a_window_that_came_in_part_shows_where_it_lacks() -> None:
    window = Window([3, -2, -1], 500_000, [3.0, 1.0, None], [3.0, 1.0, 1.0], [9.0, 0.1, 0.2])
    times, values, _, scores, threshold = series.window_columns(window, 1.0)
    assert times == [-1.0, -0.5, 0.0, 1.5]
    assert values == [1.0, None, None, 3.0]
    assert scores == [0.1, 0.2, None, 9.0]
    assert threshold == [1.0] * 4


def test_the_history_of_a_board_is_bounded(site: Site) -> None:
    now = now_ms()
    visitor = member(site)
    path = f"/api/boards/{QUIET}/history?since={now - 3_600_000}&until={now}&points=10"
    answer = visitor.get(path)
    assert answer.status == 200
    assert '"unit":"\\u00b0C"' in answer.text
    assert answer.text.count("Anomaly began: level") == 1
    assert visitor.get(path, If_None_Match=answer.headers["ETag"]).status == 304
    wide = visitor.get(f"{path}&points=10").text
    assert len(wide) < 2000


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (25.125, "C", "25.12\u00a0°C"),
        (-0.00312, "g", "\N{MINUS SIGN}0.0031\u00a0g"),
        (123_456.7, "", "123,457"),
        (0.0, None, "0.00"),
        (1.5e9, None, "1.5e+09"),
        (float("nan"), "C", view.DASH),
        (None, "C", view.DASH),
    ],
)
def test_numbers_are_short_and_have_their_unit(
    value: float | None, unit: str | None, text: str
) -> None:
    assert view.number(value, unit) == text
