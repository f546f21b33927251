"""How often a password may be guessed, by the name guessed at and by where it comes from."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

TRIES: Final = {"address": 8, "name": 24}  # whoever wants to lock a name out needs three addresses
WINDOW_SECONDS: Final = 15 * 60
MOST_KEYS: Final = 4096  # what is remembered is bounded, whoever asks


class Throttle:
    """Counts tries within a window for each key, "address A" or "name N"; a login clears them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tries)

    def take(self, *keys: str) -> int:
        """Counts a try and returns 0; or counts nothing and returns the seconds to wait."""
        now = self._clock()
        with self._lock:
            recent = {
                key: [t for t in self._tries.get(key, ()) if now - t < WINDOW_SECONDS]
                for key in keys
            }
            full = [times[0] for key, times in recent.items() if len(times) >= most(key)]
            if full:
                return max(1, int(max(full) + WINDOW_SECONDS - now))
            for key, times in recent.items():
                self._tries[key] = [*times, now]
                self._tries.move_to_end(key)
            while len(self._tries) > MOST_KEYS:
                self._tries.popitem(last=False)
            return 0

    def clear(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._tries.pop(key, None)


def most(key: str) -> int:
    return TRIES[key.partition(" ")[0]]


def network_of(address: str) -> str:
    """The address, of IPv6 its /64: one computer has as many of those as it likes."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
