"""The running server: broker, ingest and pages in one process, or the ingest alone."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn

from project.errors import UserError
from server import authority, place, web
from server.auditor import Auditor
from server.authority import SERVER
from server.broker import EmbeddedBroker
from server.commands import Commands
from server.ingest import Ingest
from server.options import Options
from server.place import Place
from server.store import Store
from training import files

CHECK_S: Final = 24 * 3600.0  # how often certificates are looked at
STOP_S: Final = 10


def say(text: str) -> None:
    print(text, flush=True)


def run(options: Options) -> int:
    """Serves until it is told to stop."""
    hosts = [] if options.is_local else [options.listen]
    for sentence in authority.prepare(options.data, hosts):
        say(f"{sentence[:1].upper()}{sentence[1:]}.")
    alone = files.lock(
        options.data / "lock", f"a server with its data in {options.data} runs already.", wait=False
    )
    with alone, _store(options) as store, _auditor(store) as auditor:
        asyncio.run(_serve(options, store, auditor))
    return 0


def work(options: Options) -> int:
    """The ingest alone, until it is told to stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    broker = options.broker or options.reach
    with _store(options) as store, _auditor(store) as auditor:
        part = options.words.part
        ingest = Ingest(store, options.data, broker, auditor.note, say, part is None, part)
        ingest.start()
        while not stopped.wait(1):  # a wait without end would not see a signal on Windows
            pass
        ingest.close()
    return 0


@contextlib.contextmanager
def _store(options: Options) -> Iterator[Store]:
    store = Store(options.database)
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def _auditor(store: Store) -> Iterator[Auditor]:
    auditor = Auditor(store)
    try:
        yield auditor
    finally:
        auditor.close()


async def _serve(options: Options, store: Store, auditor: Auditor) -> None:
    commands = Commands(options.data, options.reach)
    pages = _Pages(_settings(options, store, commands))
    for number in (signal.SIGINT, signal.SIGTERM):  # before anything that is to be ended in order
        signal.signal(number, pages.handle_exit)
    async with _broker(options, store, auditor):
        workers = _Workers(options)
        ingest = None
        if options.workers == 1:
            ingest = Ingest(store, options.data, options.reach, auditor.note, say)
            ingest.start()
        else:
            workers.start()
        commands.start()
        try:
            await pages.serve()
        except SystemExit as error:  # as uvicorn says that it cannot listen
            raise UserError(
                f"port {options.port} of {options.listen} cannot be had for the pages: "
                "another program has it; take another with --port."
            ) from error
        finally:
            await asyncio.to_thread(commands.close)
            await asyncio.to_thread(workers.stop)
            if ingest is not None:
                await asyncio.to_thread(ingest.close)


@contextlib.asynccontextmanager
async def _broker(options: Options, store: Store, auditor: Auditor) -> AsyncIterator[None]:
    if options.broker is not None:
        yield
        return
    broker = EmbeddedBroker(options.data, options.listen, options.mqtt_port, auditor.note)
    await broker.start()
    await asyncio.to_thread(store.all_offline)
    renewing = asyncio.create_task(_renew(options.data, broker, auditor))
    try:
        yield
    finally:
        renewing.cancel()
        await broker.shutdown()


async def _renew(data: Path, broker: EmbeddedBroker, auditor: Auditor) -> None:
    """A server that runs for years renews its certificates, and says which boards' are ending."""
    while True:
        for sentence in authority.ending_soon(data):
            auditor.note("certificate", "server", sentence)
        await asyncio.sleep(CHECK_S)
        if await asyncio.to_thread(authority.prepare, data):
            broker.renew_certificates()


# --- pages --------------------------------------------------------------------------------------


class _Pages(uvicorn.Server):
    """Says where it is once it is there."""

    def __init__(self, settings: "_Settings") -> None:
        super().__init__(settings)
        self._settings = settings

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`_serve` has; uvicorn would send them again once the pages are closed."""
        yield

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._settings.begin()


class _Settings(uvicorn.Config):
    begin: Callable[[], None]


def _settings(options: Options, store: Store, commands: Commands) -> _Settings:
    """Beyond this computer the pages are encrypted, too, with the server's certificate."""
    certificate, key = Place(options.data).pair(SERVER)
    scheme = "http" if options.is_local else "https"
    host = f"[{options.listen}]" if ":" in options.listen else options.listen
    address = f"{scheme}://{host}:{options.port}"
    settings = _Settings(
        web.app(store, commands, address, say),
        host=options.listen,
        port=options.port,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        ssl_certfile=None if options.is_local else str(certificate),
        ssl_keyfile=None if options.is_local else str(key),
    )

    def begin() -> None:
        place.write_address(Place(options.data), options.reach.url)
        say(f"Pages:  {address}\nBoards: {options.reach.url}\nData:   {options.data}")
        say("Until Ctrl+C.")

    settings.begin = begin
    return settings


# --- workers ------------------------------------------------------------------------------------


class _Workers:
    """Processes that store; one that ends is started again."""

    def __init__(self, options: Options) -> None:
        assert options.workers == 1 or options.broker is not None
        self._count = 0 if options.workers == 1 else options.workers
        broker = options.reach.url
        self._command = [sys.executable, "-m", "server", "worker", "--data", str(options.data)]
        self._command += ["--broker", broker, "--database", options.database]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number in range(self._count):
            thread = threading.Thread(target=self._keep, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, number: int) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            with subprocess.Popen(self._command, stdin=subprocess.DEVNULL) as process:
                self._watch(process)
            if not self._stopping.is_set():
                say(f"worker {number + 1} ended with {process.returncode}; starting it again")
                self._stopping.wait(max(0.0, 2.0 - (time.monotonic() - began)))

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None:
            if self._stopping.wait(0.1):
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_S)
                process.kill()
                return
