"""What every answer says about itself, and how long a request may be."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 16 * 1024  # of a request's body: the longest form is far shorter

SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), serial=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# No Strict-Transport-Security: it is for a host with all its ports, and others may serve there.
FOR_GOOD: Final = "public, max-age=31536000, immutable"  # a changed file has another address


class TooLong(Exception):
    """The body of a request is longer than any form here."""


class SecurityHeaders:
    """ASGI middleware: adds the headers, refuses long bodies before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        left = MOST_BYTES

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLong
            return message

        async def sealed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY)
                found = message["status"] in (200, 304)
                kept = found and scope["path"].startswith("/static/")
                headers["Cache-Control"] = FOR_GOOD if kept else "no-store"
            await send(message)

        try:
            await self.app(scope, bounded, sealed)
        except TooLong:
            if started:
                raise
            await sealed(
                {
                    "type": "http.response.start",
                    "status": 413,
                    "headers": [(b"content-type", b"text/plain; charset=utf-8")],
                }
            )
            text = f"The request is longer than {MOST_BYTES} bytes; send a shorter one.\n"
            await send({"type": "http.response.body", "body": text.encode()})


def is_secure(scope: Scope) -> bool:
    return bool(scope.get("scheme") == "https")
