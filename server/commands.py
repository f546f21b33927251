"""Commands to boards, as their console takes them, and the boards' answers."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage

from project.errors import UserError
from server.connection import Broker, begin, end, new_client
from server.fields import Refused
from server.messages import MAX_COMMAND, ROOT, Result, is_board_id, parse, topic
from server.store import now_ms

ANSWER_S: Final = 5.0


@dataclass
class _Waiting:
    board: str
    answered: threading.Event = field(default_factory=threading.Event)
    result: Result | None = None


class Commands:
    """Its own connection to the broker, from `start` to `close`."""

    def __init__(self, data: Path, broker: Broker) -> None:
        self._broker = broker
        self._waiting: dict[str, _Waiting] = {}
        self._client = new_client(data)
        self._client.on_connect = self._subscribe
        self._client.on_message = self._take

    def start(self) -> None:
        begin(self._client, self._broker)

    def close(self) -> None:
        end(self._client)

    def send(self, board: str, text: str, timeout_s: float = ANSWER_S) -> str:
        """The board's answer, `OK ...` or `ERR ...`; UserError if none comes in time."""
        if not is_board_id(board):
            raise UserError(f"not a board: {board}")
        if not text.strip() or not text.isprintable() or not text.isascii():
            raise UserError("a command is one line of ASCII text.")
        name = os.urandom(8).hex()
        order = {"id": name, "cmd": text.strip(), "exp": now_ms() + round(timeout_s * 1000)}
        payload = json.dumps(order, separators=(",", ":"))
        if len(payload) > MAX_COMMAND:
            raise UserError("the command is too long for a board.")
        if not self._client.is_connected():
            raise UserError("the broker is away: try again in a moment.")
        waiting = self._waiting[name] = _Waiting(board)
        try:
            self._client.publish(topic(board, "cmd"), payload, qos=1)
            if not waiting.answered.wait(timeout_s) or waiting.result is None:
                raise UserError(f"the board did not answer within {timeout_s:g} s.")
            return waiting.result.text
        finally:
            del self._waiting[name]

    def forget(self, board: str) -> bool:
        """Takes back what the broker retains of a board; False if the broker does not say that it
        has."""
        names = [topic(board, name) for name in ("status", "info", "ack")]
        names.append(f"homeassistant/device/{board}/config")
        sent = [self._client.publish(name, b"", qos=1, retain=True) for name in names]
        return _wait(lambda: all(found.is_published() for found in sent), ANSWER_S)

    def wait_until_connected(self, timeout_s: float) -> bool:
        return _wait(self._client.is_connected, timeout_s)

    def _subscribe(self, client: Client, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        if not reason.is_failure:
            client.subscribe(f"{ROOT}/+/res", 1)

    def _take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            found = parse(message.topic, bytes(message.payload))
        except (Refused, ValueError):
            return  # the ingest does not see these: nobody is waiting for such an answer
        if not isinstance(found, Result):
            return
        waiting = self._waiting.get(found.id)
        if waiting is not None and waiting.board == found.board:
            waiting.result = found
            waiting.answered.set()


def _wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    pause = threading.Event()
    for _ in range(round(timeout_s / 0.02)):
        if condition():
            return True
        pause.wait(0.02)
    return condition()
