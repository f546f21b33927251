"""The pages in a real browser: narrow and wide, light and dark, by keyboard, as they live on."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from web_site import (
    NAME,
    PASSWORD,
    QUIET,
    SILENT,
    Site,
    address_of_event,
    event,
    furnish,
    introduced,
    piece,
    running,
    state,
)

from server.store import now_ms

pytest.importorskip("playwright", reason="./piow --install dev brings it")
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS: Final = (1280, 390)
SCHEMES: Final = ("dark", "light")

LOW_CONTRAST: Final = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium here (Debian: sudo apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as found:
        furnish(found.store)
        yield found


@pytest.fixture(scope="module")
def logged_in(browser: Browser, site: Site) -> StorageState:
    """The cookie of a member, for contexts of any size."""
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    log_in(page)
    kept: StorageState = context.storage_state()
    context.close()
    return kept


def log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#boards")


def complaints(page: Page) -> list[str]:
    """What the browser says against a page from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"{request.failure}: {request.url}"))
    return said


def unexpected(said: list[str]) -> list[str]:
    """Without what was cut off by leaving a page, and pictures that have not come."""
    return [text for text in said if "ERR_ABORTED" not in text and "404" not in text]


def test_every_page_fits_can_be_read_and_raises_no_error(
    browser: Browser, site: Site, logged_in: StorageState
) -> None:
    context = browser.new_context(
        base_url=site.address,
        storage_state=logged_in,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page = context.new_page()
    said = complaints(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path, plots in (
        ("/", 0),
        (f"/boards/{QUIET}", 2),
        (f"/boards/{SILENT}", 2),
        (address_of_event(), 2),
        (address_of_event(seq=1), 0),
        ("/audit", 0),
    ):
        page.goto(path)
        expect(page.locator("canvas")).to_have_count(plots)
        looked_at(page, path)
    assert "Europe/Berlin" in page.locator("#zone").inner_text()
    assert unexpected(said) == []
    assert [url for url in asked if not url.startswith(site.address)] == []
    page.goto("/nothing")
    looked_at(page, "/nothing")
    context.clear_cookies()
    page.goto("/login")
    looked_at(page, "/login")
    context.close()


def looked_at(page: Page, path: str) -> None:
    """Whether a page fits and can be read, as wide and as narrow as it gets, light and dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(LOW_CONTRAST)
            assert found["low"] == [], (path, width, scheme)
            assert found["texts"] > 3
    names = page.evaluate(
        """(wanted) => [...document.querySelectorAll(wanted)].filter((e) => !(e.textContent.trim()
        || e.ariaLabel || e.labels?.[0]?.textContent.trim())).map((e) => e.outerHTML)""",
        "button, a, input:not([type=hidden]), nav, section, [role=group]",
    )
    assert names == [], path
    assert page.locator("h1").count() == 1


def test_a_first_start_and_an_empty_fleet(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path, member=False) as site:
        context = browser.new_context(base_url=site.address, viewport={"width": 390, "height": 800})
        page = context.new_page()
        said = complaints(page)
        page.goto(re.search(r"http\S+", site.said[0])[0])  # type: ignore[index]
        looked_at(page, "/setup")
        page.get_by_label("Name").fill(NAME)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="No board has reported yet")).to_be_visible()
        expect(page.get_by_text("./piow run -t gateway")).to_be_visible()
        looked_at(page, "/")
        site.store.ingest(introduced(QUIET), now_ms())
        expect(page.get_by_role("link", name=QUIET)).to_be_visible()
        assert said == []
        context.close()


def test_from_the_login_to_a_label_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as site:
        furnish(site.store)
        context = browser.new_context(base_url=site.address)
        page = context.new_page()
        page.goto("/login")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type(NAME)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#boards")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the content"
        page.keyboard.press("Enter")
        walk_to(page, "Cellar")
        assert has_ring(page)
        page.keyboard.press("Enter")
        page.wait_for_selector(".charts[data-drawn]")
        page.locator("#plot-value").focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        assert "expected 25.00" in page.locator("#read-value").inner_text()
        assert "of 1.00" in page.locator("#read-score").inner_text()
        walk_to(page, "Anomaly began")
        page.keyboard.press("Enter")
        page.wait_for_selector(".charts[data-drawn]")
        walk_to(page, "That was normal")
        assert has_ring(page)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Label: Was normal.")).to_be_visible()
        pressed = page.get_by_role("button", name="That was normal")
        expect(pressed).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="Undo").press("Enter")
        expect(page.get_by_text("Label: taken back.")).to_be_visible()
        found = site.store.event(QUIET, 17, 2)
        assert found
        assert found.label is None
        context.close()


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent.trim()")
    return text


def walk_to(page: Page, text: str) -> None:
    """Presses Tab until what has this text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == text:
            return
    raise AssertionError(f"{text} is not reached by Tab")


def has_ring(page: Page) -> bool:
    style: str = page.evaluate("getComputedStyle(document.activeElement).outline")
    return "none" not in style and "0px" not in style


def test_a_new_event_appears_is_announced_and_gets_its_picture(
    browser: Browser, tmp_path: Path
) -> None:
    with running(tmp_path) as site:
        now = now_ms()
        site.store.ingest([*introduced(QUIET), event(QUIET, 1, now, "boot")], now)
        site.store.ingest([state(QUIET, now, 1000)], now)
        context = browser.new_context(base_url=site.address)
        page = context.new_page()
        log_in(page)
        said = complaints(page)
        page.get_by_role("link", name=QUIET).first.focus()
        began = event(QUIET, 2, now_ms(), "start", cause="level", score=7.5, value=50.0)
        site.store.ingest([began], now_ms())
        row = page.locator("#latest tr", has_text="Anomaly began")
        expect(row).to_be_visible(timeout=2000)
        expect(page.get_by_role("alert")).to_have_text(f"Anomaly began on {QUIET}: level.")
        expect(page).to_have_title(re.compile(r"^\(1\) Boards"))
        assert focused(page) == QUIET, "the focus stays where it was"
        row.get_by_role("link", name="Anomaly began").click()
        expect(page.get_by_text("The picture of this event has not come.")).to_be_visible()
        site.store.ingest([piece(QUIET, 2, at, 30) for at in range(-120, 30, 30)], now_ms())
        page.wait_for_selector(".charts[data-drawn='150']")
        expect(page.locator("#plot-value canvas")).to_be_visible()
        assert unexpected(said) == []
        context.close()


def test_the_range_and_a_closer_look(browser: Browser, site: Site, logged_in: StorageState) -> None:
    context = browser.new_context(base_url=site.address, storage_state=logged_in)
    page = context.new_page()
    page.goto(f"/boards/{QUIET}")
    page.wait_for_selector(".charts[data-drawn]")
    page.get_by_role("link", name="6 h").click()
    expect(page.locator("a[data-range][aria-current]")).to_have_text("6 h")
    assert page.url.endswith("?range=six")
    page.locator("#plot-score").scroll_into_view_if_needed()
    box = page.locator("#plot-score .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 40, steps=4)
    page.mouse.up()
    back = page.get_by_role("button", name="Back to the whole range")
    expect(back).to_be_visible()
    back.click()
    expect(back).to_be_hidden()
    context.close()


def test_what_hostile_boards_send_does_not_run(browser: Browser, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='run'><script>alert(1)</script>"
    with running(tmp_path) as site:
        now = now_ms()
        site.store.ingest(introduced(QUIET, firmware=hostile, profile=hostile), now)
        site.store.ingest([event(QUIET, 1, now - 9000, "start", cause=hostile)], now)
        site.store.rename(QUIET, hostile, hostile)
        context = browser.new_context(base_url=site.address, viewport={"width": 390, "height": 800})
        page = context.new_page()
        said = complaints(page)
        page.on("dialog", lambda dialog: said.append(dialog.message))
        log_in(page)
        with page.expect_response(re.compile("/live/")) as answer:
            pass
        assert answer.value.status == 200
        for path in ("/", f"/boards/{QUIET}", address_of_event(QUIET, 1)):
            page.goto(path)
            assert page.locator("main img, main script").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert unexpected(said) == []
        context.close()
