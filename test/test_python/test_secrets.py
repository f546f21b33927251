"""No secret is in the repository, and none is printed: see SECURITY.md."""

import base64
import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

import git_files
import pytest
from brokers import free_port
from conftest import PROJECT
from serial_line import VirtualBoard

# What looks like a secret, wherever it stands; base64 of a key's first bytes is a key without its
# PEM lines. Written in pieces, so that this file is clean.
KEYS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rb"-----BEGIN [A-Z ]*" + rb"PRIVATE KEY",
        rb"PuTTY-User-Key" + rb"-File",
        rb"MHcCAQEEI[A-Za-z0-9+/]{20}",  # EC, SEC 1
        rb"MIGHAgEAMBMGBy" + rb"qGSM49AgEG",  # EC, PKCS 8
        rb"MII[A-Za-z0-9+/]{2,6}IBAAKCA",  # RSA, PKCS 1
        rb"MII[A-Za-z0-9+/]{2,6}IBADANBgkqhkiG9w0BAQEFAASC",  # RSA, PKCS 8
        rb"\x30\x77\x02\x01\x01\x04\x20",  # EC in DER, SEC 1
        rb"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",  # PKCS 8
    )
)
TOKENS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\bgh[pousr]_[A-Za-z0-9]{36}\b",
        rb"\bgithub_pat_[A-Za-z0-9_]{40,}",
        rb"\bglpat-[A-Za-z0-9_-]{20}\b",
        rb"\bpypi-AgE[A-Za-z0-9_-]{50,}",
        rb"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
        rb"\bAIza[0-9A-Za-z_-]{35}\b",
        rb"\bxox[abposr]-[A-Za-z0-9-]{10,}",
        rb"\bsk[-_](live|proj|test)?[-_]?[A-Za-z0-9]{24,}\b",
        rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",  # a JSON web token
        rb"(?i)\bauthorization: *(bearer|basic) +[A-Za-z0-9+/=._-]{16,}",
    )
)
# A secret with a name of its own, or in an address. Not in test/ and benchmark/, where they are
# made up; in capitals it stands for one.
NAMED: Final = re.compile(
    rb"(?i)(?:password|passwd|passphrase|psk|secret|api_?key|(?<!min_)token)\w*[\"']?\s*[:=]\s*[\"']"
    rb"(?P<value>[^\"'\s{}<>%$]{6,})[\"']"
    rb"|\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>{}]+:(?P<inline>(?-i:(?!PASSWORD@))[^\s/:@\"'<>{}$]+)@"
)


def _found(content: bytes, made_up: bool) -> list[str]:
    found = [pattern.search(content) for pattern in (*KEYS, *TOKENS)]
    if not made_up:
        found.append(NAMED.search(content))
    return [repr(match[0][:40]) for match in found if match]


def test_no_secret_is_in_the_repository(project: Path) -> None:
    found = {}
    for name in git_files.kept(project):
        path = project / name
        if path.is_file():
            secrets = _found(path.read_bytes(), Path(name).parts[0] in ("test", "benchmark"))
            if secrets:
                found[name] = secrets
    assert found == {}


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN EC " + b"PRIVATE KEY-----",
        b"-----BEGIN " + b"PRIVATE KEY-----",
        base64.b64encode(bytes.fromhex("30770201010420") + bytes(range(40))),
        b"x = ghp_" + b"a1B2" * 9,
        b"AKIA" + b"ABCDEFGH12345678",
        b'wifi_password = "hunter' + b'22"',
        b'"api_key": "0123' + b'4567"',
        b"postgresql://anomaly:hunter" + b"22@db/anomaly",
    ],
)
def test_a_secret_is_found(content: bytes) -> None:
    assert _found(content, made_up=False)


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN CERTIFICATE-----",
        b"mqtts://USER:PASSWORD@HOST:8883",
        b'password = request.form["password"]',
        b"wifi SSID PASSPHRASE",
        b"sha256:0fa2c1cf8e619d18ffee96043822032d6520eda65d3b712f9540a3a63e9cac25",
    ],
)
def test_what_is_none_is_left_alone(content: bytes) -> None:
    assert _found(content, made_up=False) == []


def test_a_core_dump_is_never_written(project: Path) -> None:
    """It would hold keys and passphrases that were in RAM: ESP-IDF's default is none."""
    settings = "".join(p.read_text(encoding="utf-8") for p in project.glob("sdkconfig.*"))
    assert "CONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y" not in settings
    assert "CONFIG_ESP_COREDUMP_ENABLE_TO_UART=y" not in settings


# --- what a board prints

PASSPHRASE: Final = "correct-horse-battery-29"


def test_a_board_never_prints_a_passphrase(board: Callable[..., VirtualBoard]) -> None:
    """Also one that has no network of its own, or that is typed wrongly."""
    virtual = board()
    host, port = re.match(r"socket://(.*):(\d+)", virtual.port).groups()  # type: ignore[union-attr]
    typed = [
        f"wifi home {PASSPHRASE}",
        f'wifi "my home" "{PASSPHRASE}"',
        f"wifi home extra {PASSPHRASE} more",
        f"wfii home {PASSPHRASE}",
        f"mqtt mqtts://user:{PASSPHRASE}@broker:8883",
        f"enroll {PASSPHRASE}",
        f'link anomaly/v1/020000000001/cmd {{"id":"1","cmd":"wifi home {PASSPHRASE}","exp":1}}',
        "status",
        "model",
        "help",
    ]
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall("".join(f"{text}\r\n" for text in typed).encode())
        said = _read_until(line, "Commands:", "inject VALUE")
    events = virtual.stop()
    assert PASSPHRASE not in said
    assert PASSPHRASE not in events


def _read_until(line: socket.socket, *texts: str) -> str:
    said, deadline = "", time.monotonic() + 30
    line.settimeout(0.2)
    while time.monotonic() < deadline:
        try:
            said += line.recv(65536).decode(errors="replace")
        except TimeoutError:
            continue
        if any(text in said for text in texts):
            return said
    raise AssertionError(said[-2000:])


# --- what a server prints and keeps


def test_a_server_never_prints_or_keeps_a_password_or_a_key(tmp_path: Path) -> None:
    data = tmp_path / "server"
    ports = [str(free_port()), str(free_port())]
    options = ["--data", str(data), "--port", ports[0], "--mqtt-port", ports[1]]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "server", *options],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout
        said = ""
        for line in server.stdout:
            said += line
            if "Ctrl+C" in line:
                break
        try:
            made = _make_login(f"http://127.0.0.1:{ports[0]}", said)
            enrolled = subprocess.run(
                [sys.executable, "-m", "server", "enroll", "--data", data, "0200000000ab"],
                cwd=PROJECT,
                capture_output=True,
                text=True,
            )
        finally:
            server.terminate()
            said += server.stdout.read()
    assert "Boards" in made
    assert enrolled.returncode == 0, enrolled.stderr
    keys = sorted(data.rglob("*.key"))
    assert len(keys) == 4  # of the authority, the broker, the server and the board
    bodies = ["".join(key.read_text().split("\n")[1:2]) for key in keys]
    for secret in (PASSPHRASE, *bodies):
        assert secret not in said
        assert secret not in enrolled.stdout + enrolled.stderr
        for file in filter(Path.is_file, data.rglob("*")):
            assert file in keys or secret.encode() not in file.read_bytes(), file
    if os.name == "posix":
        assert [oct(key.stat().st_mode & 0o777) for key in keys] == ["0o600"] * 4
        assert data.stat().st_mode & 0o077 == 0


def _make_login(address: str, said: str) -> str:
    """The page after it."""
    code = re.search(r"code=(\S+)", said)
    assert code, said
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{address}/setup?code={code[1]}").read().decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token, page
    fields = {"token": token[1], "code": code[1], "name": "anna"}
    fields |= {"password": PASSPHRASE, "again": PASSPHRASE}
    body = urllib.parse.urlencode(fields).encode()
    request = urllib.request.Request(f"{address}/setup", body, {"Origin": address})
    return str(browser.open(request).read().decode())
