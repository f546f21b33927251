"""What each command of the server does."""

import getpass
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from project.errors import UserError
from server import authority, exporting, place, serial_enrolment
from server.access import HOME_ASSISTANT
from server.commands import Commands
from server.connection import parse_broker
from server.messages import is_board_id
from server.options import Options
from server.place import Place
from server.retained import Retained
from server.store import Store


def carry_out(options: Options) -> int:
    tasks: dict[str, Callable[[Options], int]] = {
        "run": run,
        "worker": worker,
        "ca": ca,
        "enroll": enroll,
        "export": export,
        "delete": delete,
        "password": password,
        "pull": pull,
    }
    return tasks[options.command](options)


# What takes long to import is imported where it is used: a gateway enrols boards one by one.


def run(options: Options) -> int:
    from server import serve

    return serve.run(options)


def worker(options: Options) -> int:
    from server import serve

    return serve.work(options)


def pull(options: Options) -> int:
    from server import pull as pulling

    return pulling.pull(_existing_store(options), options.words.profile)


def ca(options: Options) -> int:
    for sentence in authority.prepare(options.data, options.words.host):
        print(f"{sentence[:1].upper()}{sentence[1:]}.")
    for sentence in authority.ending_soon(options.data):
        print(f"Note: {sentence}.")
    files = Place(options.data)
    certificate, key = files.pair(authority.BROKER)
    print(f"CA:     {files.ca}\nBroker: {certificate}\n        {key}\nRevoked: {files.revocations}")
    return 0


def enroll(options: Options) -> int:
    words = options.words
    if words.port is not None:
        return serial_enrolment.run(options)
    if not words.id:
        raise UserError("enroll takes a board's id, or --port with the serial line of a board.")
    if words.id == HOME_ASSISTANT:
        found = authority.enroll_service(options.data, words.id)
    else:
        found = authority.enroll(options.data, words.id)
    files = [found.certificate, found.key, found.ca]
    if words.out:
        folder = Path(words.out)
        folder.mkdir(parents=True, exist_ok=True)
        files = [Path(shutil.copy(file, folder)) for file in files]
        files[1].chmod(0o600)
    print(f"Certificate: {files[0]}\nKey:         {files[1]}\nCA:          {files[2]}")
    return 0


def export(options: Options) -> int:
    store = _existing_store(options)
    words = options.words
    if words.board and not is_board_id(words.board):
        raise UserError(f"--board is a board's id, not {words.board}.")
    exporting.export(store, sys.stdout, words.board, words.since, words.json)
    return 0


def delete(options: Options) -> int:
    """Events, windows, history, name, audit, certificate, and what the broker retains."""
    board = options.words.id
    if not is_board_id(board):
        raise UserError(f"delete takes a board's id, 12 hex digits, not {board}.")
    store = _existing_store(options)
    revoked = authority.revoke(options.data, board)
    where = options.broker.url if options.broker else place.read_address(options.data)
    reached = False
    if where is not None:
        commands = Commands(options.data, parse_broker(where))
        commands.start()
        reached = commands.wait_until_connected(3) and commands.forget(board)
        commands.close()
    if not reached and options.broker is not None:
        raise UserError(f"the broker {where} cannot be reached: nothing was deleted but access.")
    if not reached:
        retained = Retained(Place(options.data).retained)
        retained.forget(board)
        retained.close()
    found = store.delete(board)
    store.audit("deleted", "command line", "a board and all that it sent")
    store.close()
    if not found and not revoked:
        raise UserError(f"there is no board {board}.")
    print(f"Deleted {board}: its events, history, name and certificate. It may not connect again")
    print("until it is enrolled again.")
    return 0


def password(options: Options) -> int:
    from server.web import passwords

    store, name = _existing_store(options), options.words.name
    if store.user(name) is None:
        raise UserError(f"there is no login {name}.")
    if sys.stdin.isatty():
        text = getpass.getpass("New password: ")
        if getpass.getpass("Again: ") != text:
            raise UserError("the two passwords differ.")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    weakness = passwords.weakness(name, text)
    if weakness is not None:
        raise UserError(weakness)
    store.set_password(name, passwords.hash_password(text))
    store.audit("new password", name, "from the command line")
    store.close()
    print(f"{name} has a new password; whoever was logged in by this name is logged out.")
    return 0


def _existing_store(options: Options) -> Store:
    sqlite = options.database.removeprefix("sqlite:///")
    if sqlite != options.database and not Path(sqlite).is_file():
        raise UserError(f"there is no database {sqlite}: name its folder with --data.")
    return Store(options.database)
