"""How fast the line has to be for a recording, and how board and computer agree on it."""

from __future__ import annotations

from typing import Final

from monitor import port as serial_port
from monitor.port import Link
from monitor.telemetry import Answer
from project.errors import UserError

RATES: Final = (230400, 460800, 921600, 2000000)  # that a board can be asked for
_USED: Final = 0.9  # of a line, so that answers and faults have room too
_HEAD: Final = 39  # bytes of a line of raw samples beside them
_BLOCK_VALUES: Final = 255  # PackingConfig in lib/Signal


def bytes_per_second(rate_hz: float, channels: int) -> float:
    """What a board sends of raw samples in blocks."""
    samples = max(1, min(_BLOCK_VALUES // channels, int(rate_hz / 10)))
    return rate_hz / samples * (_HEAD + 4 * -(-2 * channels * samples // 3))


def carries(baud: int) -> float:
    """Bytes a second of a line; one is ten bits on it."""
    return baud / 10


def speed_up(link: Link, needed: float, force: bool) -> None:
    """Have the line carry so many bytes a second.

    Raises:
      UserError: no line does, or the board does not follow; with `force` the latter is only said.
    """
    before = link.baud
    if needed <= _USED * carries(before):
        return
    wanted = next((rate for rate in RATES if needed <= _USED * carries(rate)), None)
    if wanted is None:
        raise UserError(
            f"The samples take {needed / 1000:.0f} kB a second, more than any serial line here: "
            "set a lower rate_hz.",
            serial_port.EXIT_REFUSED,
        )
    reason = _change(link, wanted, before)
    if not reason:
        return
    share = carries(before) / needed
    sentence = (
        f"The line stays at {before} baud, because {reason}; the samples need {wanted}, and "
        f"{share:.0%} of them would come through"
    )
    if not force:
        raise UserError(
            f"{sentence}. Upload this firmware, or try a shorter cable or another USB adapter.",
            serial_port.EXIT_REFUSED,
        )
    print(f"{sentence}; it is recorded because of --force.")


def _change(link: Link, wanted: int, before: int) -> str:
    """Why it did not work; the line is then as before."""
    text = f"baud {wanted}"
    answer = link.ask(text, lambda answer: answer.ok and answer.text == text)
    if answer is None:
        raise link.silence()
    if not answer.ok or answer.text != text:
        return f'the board says "{answer.text}"'
    try:
        link.set_baud(wanted)
    except UserError as error:
        reason = str(error).rstrip(".")
    else:
        link.send("")  # ends what arrived before the change
        # The board waits for two seconds.
        if link.ask("status", _is_status, 3, 0.6) is not None:
            return ""
        reason = f"nothing was heard of the board at {wanted}"
    link.set_baud(before)
    link.send("")
    if link.ask("status", _is_status, 4, 1.0) is None:
        raise link.silence()
    return reason


def _is_status(answer: Answer) -> bool:
    return answer.ok and "state" in answer.pairs()
