"""First start, log in, log out."""

import re
import secrets
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.web import passwords
from server.web.sessions import Session
from server.web.throttle import network_of
from server.web.visitors import (
    Site,
    address_of,
    audit,
    cookie_of,
    posted,
    set_cookie,
    show,
    site_of,
)

NAME: Final = re.compile(r"[\w.@ -]{1,40}")
INSIDE: Final = re.compile(r"/(?![/\\])[\w/.-]{0,200}")
BAD_LOGIN: Final = "This name and password do not belong together."
MOST_CHECKS: Final = 2  # at a time: each takes 32 MB


async def login_page(request: Request) -> Response:
    site = site_of(request)
    if site.setup_token is not None:
        return RedirectResponse("/setup", 303)
    if await run_in_threadpool(site.sessions.find, cookie_of(request)):
        return RedirectResponse("/", 303)
    return show(request, "login.html", wanted=request.query_params.get("next", ""))


async def login(request: Request) -> Response:
    site = site_of(request)
    fields = await posted(request)
    name, password = fields.get("name", "")[:100].strip(), fields.get("password", "")
    wanted = fields.get("next", "")
    network = network_of(address_of(request))
    keys = (f"name {name.casefold()}", f"address {network}")
    wait = site.throttle.take(*keys)
    if wait:
        response = show(
            request, "login.html", status=429, wanted=wanted, error=too_often(wait), name=name
        )
        response.headers["Retry-After"] = str(wait)
        return response
    user = await run_in_threadpool(site.store.user, name)
    stored = None if user is None else user.hash
    if not await on_few_threads(request, password, stored):
        # A name that nobody has may be a password typed into the wrong field: it is not kept.
        who = name if user else "an unknown name"
        await audit(site, "login failed", who, f"from {network}")
        return show(request, "login.html", status=401, wanted=wanted, error=BAD_LOGIN, name=name)
    site.throttle.clear(*keys)
    await audit(site, "login", name, f"from {network}")
    return await let_in(request, name, wanted)


async def setup_page(request: Request) -> Response:
    if site_of(request).setup_token is None:
        return RedirectResponse("/login", 303)
    return show(request, "setup.html", code=request.query_params.get("code", "")[:40])


async def setup(request: Request) -> Response:
    """Makes the one login; the code on the console shows that it is the owner who does."""
    site = site_of(request)
    fields = await posted(request)
    if site.setup_token is None:
        return RedirectResponse("/login", 303)
    name, password = fields.get("name", "").strip(), fields.get("password", "")
    network = network_of(address_of(request))
    wait = site.throttle.take(f"address {network}")
    error, status = None, 400
    if wait:
        error, status = too_often(wait), 429
    elif not is_code(fields.get("code", ""), site.setup_token):
        await audit(site, "set-up refused", "nobody yet", f"wrong code from {network}")
        error, status = "That is not the code on the server's console.", 403
    elif not NAME.fullmatch(name):
        error = "The name may have up to 40 letters, digits, spaces and . _ - @."
    elif fields.get("again") != password:
        error = "The two passwords differ."
    else:
        error = passwords.weakness(name, password)
    if error is None:
        digest = await to_thread.run_sync(passwords.hash_password, password)
        if site.setup_token is None:  # meanwhile somebody with the code was faster
            return RedirectResponse("/login", 303)
        site.setup_token = None
        await run_in_threadpool(site.store.add_user, name, digest)
        site.throttle.clear(f"address {network}")
        await audit(site, "first login made", name, f"from {network}")
        return await let_in(request, name, "")
    return show(
        request,
        "setup.html",
        status=status,
        error=error,
        name=name,
        code=fields.get("code", "")[:40],
    )


async def logout(request: Request, site: Site, session: Session) -> Response:
    await posted(request)
    await run_in_threadpool(site.sessions.end, cookie_of(request))
    await audit(site, "logout", session.user, "")
    response = RedirectResponse("/login", 303)
    set_cookie(request, response, secrets.token_urlsafe(32))
    return response


async def let_in(request: Request, name: str, wanted: str) -> Response:
    """Logs in under a new cookie: whoever knew the one before knows nothing."""
    site = site_of(request)
    await run_in_threadpool(site.sessions.end, cookie_of(request))
    response = RedirectResponse(wanted if INSIDE.fullmatch(wanted) else "/", 303)
    set_cookie(request, response, await run_in_threadpool(site.sessions.begin, name))
    return response


async def on_few_threads(request: Request, password: str, stored: str | None) -> bool:
    state = request.app.state
    if not hasattr(state, "checks"):
        state.checks = CapacityLimiter(MOST_CHECKS)
    return await to_thread.run_sync(passwords.is_password, password, stored, limiter=state.checks)


def too_often(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"Too many tries: wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."


def new_code() -> str:
    """80 random bits in groups that are easily read off a console."""
    letters = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def is_code(typed: str, code: str) -> bool:
    def plain(text: str) -> bytes:
        return re.sub(r"[^0-9A-Z]", "", text.upper()[:100]).encode()

    return secrets.compare_digest(plain(typed), plain(code))
