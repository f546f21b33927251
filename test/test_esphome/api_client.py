"""Talks to a device of ESPHome, in ESPHome's own Python: commands on stdin, answers on stdout.

A command is a line of JSON: ["feed", [values]], ["learn", samples], ["normal"],
["number", name, value], ["until", name, value] or ["states"]. The answer to `feed` is a list with
the states of all entities after each value, to the others all states.
"""

import asyncio
import json
import sys
from typing import Any

from aioesphomeapi import APIClient, APIConnectionError

SECONDS = 60.0
AT_ONCE = 100  # values in one message
LAST = "fed"  # published when all others have been: the callbacks come before the API


class Device:
    def __init__(self, client: APIClient) -> None:
        self.client = client
        self.states: dict[str, Any] = {}
        self.after: list[dict[str, Any]] = []
        self.names: dict[int, str] = {}
        self.entities: dict[str, Any] = {}
        self.actions: dict[str, Any] = {}
        self.news = asyncio.Event()

    async def begin(self) -> None:
        entities, actions = await self.client.list_entities_services()
        self.names = {entity.key: entity.name for entity in entities}
        self.entities = {entity.name: entity for entity in entities}
        self.actions = {action.name: action for action in actions}
        self.client.subscribe_states(self.take)
        await self.until(lambda: len(self.states) >= len(self.names))
        self.after.clear()

    def take(self, state: Any) -> None:
        name = self.names[state.key]
        missing = getattr(state, "missing_state", False)
        self.states[name] = None if missing else state.state
        if name == LAST:
            self.after.append(dict(self.states))
        self.news.set()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def act(self, command: list[Any]) -> Any:
        kind, *rest = command
        if kind == "feed":
            values = rest[0]
            self.after.clear()
            for start in range(0, len(values), AT_ONCE):
                part = {"values": values[start : start + AT_ONCE]}
                await self.client.execute_service(self.actions["feed"], part)
                await self.until(lambda: len(self.after) >= min(len(values), start + AT_ONCE))  # noqa: B023
            return self.after
        if kind == "number":
            self.client.number_command(self.entities[rest[0]].key, rest[1])
            await self.until(lambda: abs(self.states[rest[0]] - rest[1]) < 1e-6)
        elif kind == "until":
            await self.until(lambda: self.states[rest[0]] == rest[1])
        elif kind == "learn":
            await self.client.execute_service(self.actions["learn"], {"samples": rest[0]})
        elif kind == "normal":
            await self.client.execute_service(self.actions["normal"], {})
        return self.states


async def main(port: int) -> None:
    client = APIClient("127.0.0.1", port, None)
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await client.connect(login=True)
                break
            except APIConnectionError:  # it is starting
                await asyncio.sleep(0.05)
    device = Device(client)
    await device.begin()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await device.act(json.loads(line))), flush=True)
    await client.disconnect()


asyncio.run(main(int(sys.argv[1])))
