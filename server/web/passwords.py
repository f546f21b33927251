"""Passwords: scrypt with a salt of its own each, from the standard library."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

LEAST: Final = 10
MOST: Final = 200  # characters; the work of a check is bounded

# 2^15 blocks of 8 * 128 bytes: 32 MB and some 100 ms a check.
LOG2_COST: Final = 15
BLOCK: Final = 8
MOST_MEMORY: Final = 64 * 1024 * 1024


def hash_password(password: str, log2_cost: int = LOG2_COST) -> str:
    """`scrypt$15$8$1$<salt>$<hash>`, both in base64."""
    salt = secrets.token_bytes(16)
    digest = derived(password, salt, log2_cost, BLOCK, 1)
    words = ("scrypt", log2_cost, BLOCK, 1, encoded(salt), encoded(digest))
    return "$".join(str(word) for word in words)


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the one of that hash; takes as long where there is none."""
    if len(password) > MOST:
        return False
    try:
        name, cost, block, lanes, salt, digest = (stored or NOBODY).split("$")
        found = derived(password, base64.b64decode(salt), int(cost), int(block), int(lanes))
        same = hmac.compare_digest(found, base64.b64decode(digest))
    except ValueError:  # a damaged hash opens nothing
        return False
    return same and name == "scrypt" and stored is not None


def weakness(name: str, password: str) -> str | None:
    """Why this password is refused, in one sentence."""
    if len(password) < LEAST:
        return f"The password needs at least {LEAST} characters; a few words do well."
    if len(password) > MOST:
        return f"The password may have {MOST} characters at most."
    if password.casefold() in (name.casefold(), name.casefold() * 2) or len(set(password)) < 5:
        return "That password is guessed at once; take a few words that do not belong together."
    return None


def derived(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=1 << cost, r=block, p=lanes, maxmem=MOST_MEMORY)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# What is checked for a name that nobody has, so that the answer takes as long.
NOBODY: Final = f"scrypt${LOG2_COST}${BLOCK}$1${encoded(bytes(16))}${encoded(bytes(64))}"
