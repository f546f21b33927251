"""The site: its routes, its first start, its error pages."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from server.store import Store
from server.web import access, actions, pages, series, view
from server.web.headers import SECURITY, SecurityHeaders
from server.web.sessions import Sessions
from server.web.throttle import Throttle
from server.web.visitors import Commands, Site, cookie_of, members, show, site_of

HERE: Final = Path(__file__).parent
FILES: Final = HERE / "static"
EVENT: Final = "/boards/{board}/events/{boot:int}/{seq:int}"


def digest_of(folder: Path) -> str:
    """Changes with any file in it: browsers may keep what has this in its address for good."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:12]


STATIC: Final = f"/static/{digest_of(FILES)}"


def app(
    store: Store,
    commands: Commands,
    address: str = "http://127.0.0.1:8080",
    say: Callable[[str], None] = print,
) -> Starlette:
    """The site as an ASGI application; `say` gets what the console must show at a first start."""
    site = Site(
        store=store,
        commands=commands,
        templates=templates(),
        sessions=Sessions(store),
        throttle=Throttle(),
        setup_token=None if store.user_count() else access.new_code(),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if site.setup_token is not None:
            here = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
            say(
                f"First start: make your login at {here}/setup?code={site.setup_token}\n"
                f"(on another computer open /setup there and type the code {site.setup_token})"
            )
        yield

    starlette = Starlette(
        routes=routes(),
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: refusal, Exception: failure},
        lifespan=lifespan,
    )
    starlette.state.site = site
    return starlette


def routes() -> list[Route | Mount]:
    read, write = ["GET"], ["POST"]
    return [
        Route("/setup", access.setup_page, methods=read),
        Route("/setup", access.setup, methods=write),
        Route("/login", access.login_page, methods=read),
        Route("/login", access.login, methods=write),
        Route("/logout", members(access.logout), methods=write),
        Route("/", members(pages.fleet), methods=read),
        Route("/live/fleet", members(pages.fleet_live), methods=read),
        Route("/audit", members(pages.audit), methods=read),
        Route("/boards/{board}", members(pages.board), methods=read),
        Route("/boards/{board}/command", members(actions.command), methods=write),
        Route("/boards/{board}/name", members(actions.rename), methods=write),
        Route("/live/boards/{board}", members(pages.board_live), methods=read),
        Route("/api/boards/{board}/history", members(series.history), methods=read),
        Route(EVENT, members(pages.event), methods=read),
        Route(f"{EVENT}/label", members(actions.label), methods=write),
        Route(f"/live{EVENT}", members(pages.event_live), methods=read),
        Route(f"/api{EVENT}/window", members(series.window), methods=read),
        Mount(STATIC, StaticFiles(directory=FILES)),
    ]


def templates() -> Environment:
    """Everything that is put into a page is escaped."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(view=view, static=STATIC)
    return environment


async def refusal(request: Request, error: Exception) -> Response:
    """What went wrong in one sentence: as a page, or as JSON where a script asked."""
    assert isinstance(error, HTTPException)
    sentence = error.detail if " " in error.detail else f"{error.detail}."
    if error.status_code == 404 and error.detail == "Not Found":
        sentence = "There is no such page."
    if request.url.path.startswith(("/api/", "/live/")):
        return JSONResponse({"error": sentence}, error.status_code)
    session = await run_in_threadpool(site_of(request).sessions.find, cookie_of(request))
    response = show(request, "error.html", session, error.status_code, sentence=sentence)
    response.headers.update(error.headers or {})
    return response


async def failure(request: Request, error: Exception) -> Response:
    """A fault of ours: nothing about it goes to the browser."""
    sentence = "Something went wrong here; the server's console says what."
    response = show(request, "error.html", None, 500, sentence=sentence)
    response.headers.update(SECURITY)  # the middleware is inside of what calls this
    return response
