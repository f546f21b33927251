"""Who is logged in: the browser has a random name for it, the database the hash of that name."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from server.store import Store

IDLE_SECONDS: Final = 12 * 3600
MOST_SECONDS: Final = 7 * 24 * 3600
MOST_REMEMBERED: Final = 1000


@dataclass
class Session:
    """Someone who is logged in, as far as this process remembers."""

    user: str
    seen: float
    notices: list[tuple[str, str]] = field(default_factory=list)  # (kind, text) for the next page


class Sessions:
    """Sessions by the cookie's value. They outlive a restart of the server, not a new password."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._key = bytes.fromhex(store.secret("forms"))
        self._remembered: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, user: str) -> str:
        """A new session; its cookie."""
        cookie = secrets.token_urlsafe(32)
        expires = int((self._clock() + MOST_SECONDS) * 1000)
        self._store.add_session(digest(cookie), user, expires)
        return cookie

    def find(self, cookie: str) -> Session | None:
        if not 40 <= len(cookie) <= 60:
            return None
        key, now = digest(cookie), self._clock()
        user = self._store.session_user(key)
        with self._lock:
            if user is None:
                self._remembered.pop(key, None)
                return None
            session = self._remembered.setdefault(key, Session(user, now))
            if now - session.seen <= IDLE_SECONDS:
                session.seen = now
                self._remembered.move_to_end(key)
                while len(self._remembered) > MOST_REMEMBERED:
                    self._remembered.popitem(last=False)
                return session
        self.end(cookie)
        return None

    def end(self, cookie: str) -> None:
        self._store.end_session(digest(cookie))
        with self._lock:
            self._remembered.pop(digest(cookie), None)

    def form_token(self, cookie: str) -> str:
        """What a form must bring back, so that no other site's form is taken for one of ours."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, cookie: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(cookie).encode(), token.encode())


def digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
