"""Who may read and write which topics: a board its own, the server all.

docs/network.md has the same as access rules for Mosquitto.
"""

from typing import Final

from server.authority import SERVER
from server.messages import ROOT, is_board_id

HOME_ASSISTANT: Final = "homeassistant"  # a name that `enroll` takes too

_WRITES: Final = ("status", "info", "state", "event", "res")
_READS: Final = ("ack", "cmd", "#", "+")
_SHOWN: Final = ("status", "info", "state", "event", "res")  # to Home Assistant


def may_connect(name: str, client_id: str) -> bool:
    """Whether the holder of the certificate `name` may call itself `client_id`."""
    if name == SERVER:
        return client_id == SERVER or client_id.startswith(f"{SERVER}-")
    if name == HOME_ASSISTANT:
        return client_id.startswith(HOME_ASSISTANT)
    return is_board_id(name) and client_id == name


def name_of(client_id: str) -> str:
    """The certificate's name behind a client id that may connect."""
    return client_id if is_board_id(client_id) else client_id.partition("-")[0]


def may_publish(name: str, topic: str) -> bool:
    if name == SERVER:
        return not topic.startswith("$")
    if name == HOME_ASSISTANT:
        board, own = _of_board(topic)
        return topic == "homeassistant/status" or (is_board_id(board) and own == "cmd")
    board, own = _of_board(topic)
    return topic == f"homeassistant/device/{name}/config" or (board == name and own in _WRITES)


def may_subscribe(name: str, topic_filter: str) -> bool:
    if name == SERVER:
        return not topic_filter.startswith("$")
    board, own = _of_board(topic_filter)
    if name == HOME_ASSISTANT:
        is_shown = (board == "+" or is_board_id(board)) and own in _SHOWN
        return topic_filter.startswith("homeassistant/") or is_shown
    return topic_filter == "homeassistant/status" or (board == name and own in (*_READS, *_WRITES))


def may_receive(name: str, topic: str) -> bool:
    """Asked for each message: a filter with wildcards may have let more in."""
    if name == SERVER:
        return True
    board, own = _of_board(topic)
    if name == HOME_ASSISTANT:
        return topic.startswith("homeassistant/") or own in _SHOWN
    return topic == "homeassistant/status" or board == name


def _of_board(topic: str) -> tuple[str, str]:
    """The id and the rest of a topic under anomaly/v1/; ("", "") of others."""
    if not topic.startswith(f"{ROOT}/"):
        return "", ""
    board, _, own = topic[len(ROOT) + 1 :].partition("/")
    return board, own
