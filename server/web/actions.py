"""What a page's buttons do: commands to a board, its name, labels of events."""

import math
import re
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from project.errors import UserError
from server.web import view
from server.web.pages import board_of, event_of
from server.web.sessions import Session
from server.web.visitors import Site, audit, back_to, posted

COMMANDS: Final = {
    "calibrate": "calibrate",
    "normal": "normal",
    "learn": "learn",
    "default": "threshold default",
}
LONGEST_NAME: Final = 60
NUMBER: Final = re.compile(r"\d{1,9}([.,]\d{1,9})?")


async def command(request: Request, site: Site, session: Session) -> Response:
    """Sends one of COMMANDS, or a threshold, and shows the board's answer."""
    fields = await posted(request)
    board = await board_of(request, site)
    address = f"/boards/{board.id}"
    what = fields.get("command", "")
    if what == "threshold":
        typed = fields.get("value", "").strip()
        value = float(typed.replace(",", ".")) if NUMBER.fullmatch(typed) else math.nan
        if not value > 0:
            return back_to(address, session, "bad", "The threshold must be a number above 0.")
        text = f"threshold {value:.9g}"
    elif what in COMMANDS:
        text = COMMANDS[what]
    else:
        raise HTTPException(400, "There is no such command.")
    kind, notice = await sent(site, board.id, text)
    await audit(site, "command", session.user, f"{board.id}: {text}: {notice}")
    return back_to(address, session, kind, f"{text}: {notice}")


async def sent(site: Site, board_id: str, text: str) -> tuple[str, str]:
    """The kind of notice and the answer of the board, or why there is none."""
    try:
        answer = await run_in_threadpool(site.commands.send, board_id, text)
    except UserError as error:
        return "bad", str(error)
    return ("bad" if answer.startswith("ERR") else "good"), answer[:300]


async def rename(request: Request, site: Site, session: Session) -> Response:
    fields = await posted(request)
    board = await board_of(request, site)
    name, place = (plain(fields.get(key, "")) for key in ("name", "site"))
    address = f"/boards/{board.id}"
    if max(len(name), len(place)) > LONGEST_NAME:
        longest = f"A name may have {LONGEST_NAME} characters at most."
        return back_to(address, session, "bad", longest)
    await run_in_threadpool(site.store.rename, board.id, name, place)
    await audit(site, "renamed", session.user, f"{board.id}: {name}, {place}")
    return back_to(address, session, "good", "The name is kept.")


async def label(request: Request, site: Site, session: Session) -> Response:
    fields = await posted(request)
    event = await event_of(request, site)
    chosen = fields.get("label") or None
    if event.kind != "start" or (chosen is not None and chosen not in view.LABELS):
        raise HTTPException(400, "An anomaly is labelled real or normal, nothing else.")
    await run_in_threadpool(
        site.store.label, event.board, event.boot, event.seq, chosen, session.user
    )
    of = f"{event.board} {event.boot}.{event.seq}"
    await audit(site, "label", session.user, f"{of}: {chosen or 'none'}")
    address = f"/boards/{event.board}/events/{event.boot}/{event.seq}"
    said = view.LABELS[chosen] if chosen else "taken back"
    return back_to(address, session, "good", f"Label: {said}.")


def plain(text: str) -> str:
    """One line of printable text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
