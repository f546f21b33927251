"""What other processes take, where the system tells: processor time and memory."""

import os
import re
from collections.abc import Iterable
from pathlib import Path


def seconds(processes: Iterable[int | None]) -> float | None:
    """Of all their threads together so far; None: not on this system, or one has ended."""
    whole = 0.0
    for process in processes:
        try:
            text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        user, system = text.rpartition(")")[2].split()[11:13]
        whole += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return whole


def kilobytes(process: int | None) -> float | None:
    """Of main memory; None: not on this system."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return float(found[1]) if found else None
