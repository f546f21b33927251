"""What stands around every page: who asks, what a form brings, how a page is answered."""

import hashlib
import secrets
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.store import Store
from server.web.headers import is_secure
from server.web.sessions import MOST_SECONDS, Session, Sessions
from server.web.throttle import Throttle

MOST_FIELDS: Final = 12
FORM: Final = "application/x-www-form-urlencoded"


class Commands(Protocol):
    """The way to a board: publishes a command and gives its answer."""

    def send(self, board_id: str, text: str) -> str: ...


@dataclass
class Site:
    """What the pages share."""

    store: Store
    commands: Commands
    templates: Environment
    sessions: Sessions
    throttle: Throttle
    setup_token: str | None  # until there is a login

    def now_ms(self) -> int:
        return int(time.time() * 1000)


Endpoint = Callable[[Request], Awaitable[Response]]
MemberPage = Callable[[Request, Site, Session], Awaitable[Response]]


def site_of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def members(page: MemberPage) -> Endpoint:
    """A page for those who are logged in; the others are sent to the login."""

    async def endpoint(request: Request) -> Response:
        site = site_of(request)
        session = await run_in_threadpool(site.sessions.find, cookie_of(request))
        if session is not None:
            return await page(request, site, session)
        if request.url.path.startswith(("/live/", "/api/")) or request.method == "POST":
            raise HTTPException(401, "You are logged out; log in again.")
        if site.setup_token is not None:
            return RedirectResponse("/setup", 303)
        wanted = urllib.parse.urlencode({"next": request.url.path})
        return RedirectResponse("/login" if request.url.path == "/" else f"/login?{wanted}", 303)

    return endpoint


# --- cookies ------------------------------------------------------------------------------------


def cookie_name(request: Request) -> str:
    return "__Host-anomaly" if is_secure(request.scope) else "anomaly"


def cookie_of(request: Request) -> str:
    return request.cookies.get(cookie_name(request), "")


def set_cookie(request: Request, response: Response, value: str) -> None:
    response.set_cookie(
        cookie_name(request),
        value,
        max_age=MOST_SECONDS,
        path="/",
        secure=is_secure(request.scope),
        httponly=True,
        samesite="strict",
    )


# --- forms --------------------------------------------------------------------------------------


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form of ours; raises 403 where it is of another site."""
    site = site_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise HTTPException(415, "Only the forms of these pages are taken.")
    body = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = urllib.parse.parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400, "The form has too many fields.") from None
    fields = {name: value.replace("\0", "") for name, value in pairs}
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    foreign = origin is not None and urllib.parse.urlsplit(origin).netloc != host
    foreign |= request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    cookie = cookie_of(request)
    if foreign or not cookie or not site.sessions.is_form_token(cookie, fields.get("token", "")):
        raise HTTPException(
            403, "This form is out of date: go back, reload the page, send it again."
        )
    return fields


# --- answers ------------------------------------------------------------------------------------


def show(
    request: Request,
    template: str,
    session: Session | None = None,
    status: int = 200,
    **values: object,
) -> Response:
    """A page of a template; a visitor without a cookie gets one, for the forms on it."""
    site = site_of(request)
    cookie = cookie_of(request)
    fresh = "" if cookie else secrets.token_urlsafe(32)
    notices: list[tuple[str, str]] = []
    if session is not None:
        notices, session.notices = session.notices, []
    html = site.templates.get_template(template).render(
        user=session.user if session else None,
        token=site.sessions.form_token(cookie or fresh),
        notices=notices,
        path=request.url.path,
        now_ms=site.now_ms(),
        **values,
    )
    response = HTMLResponse(html, status)
    if fresh:
        set_cookie(request, response, fresh)
    return response


def back_to(address: str, session: Session, kind: str, notice: str) -> Response:
    """To a page after a form, with a notice on it; kind is "good" or "bad"."""
    session.notices = [*session.notices[-4:], (kind, notice)]
    return RedirectResponse(address, 303)


async def audit(site: Site, kind: str, who: str, what: str) -> None:
    await run_in_threadpool(site.store.audit, kind, who, what[:300])


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def live(request: Request, template: str, **values: object) -> Response:
    """The parts of a page that change; 304 while they have not."""
    site = site_of(request)
    html = site.templates.get_template(template).render(now_ms=site.now_ms(), **values)
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:20]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return HTMLResponse(html, headers={"ETag": tag})
