"""A Home Assistant of its own, without a screen: its process, and its REST API as a user has it."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

USER = {"name": "Trial", "username": "trial", "password": "trial-of-anomaly"}
START_SECONDS = 600  # the first start installs what its integrations need
STOP_SECONDS = 60
CONFIGURATION = """\
homeassistant:
  name: Trial
  unit_system: metric
  time_zone: UTC
  country: DE
http:
  server_host: 127.0.0.1
  server_port: {port}
frontend:
config:
history:
logbook:
logger:
  default: warning
"""

DEVICES = """
{%- set found = namespace(all=[]) -%}
{%- for id in integration_entities('mqtt') | map('device_id') | unique -%}
{%- set found.all = found.all + [dict(id=id, name=device_attr(id, 'name'),
    model=device_attr(id, 'model'), version=device_attr(id, 'sw_version'),
    entities=device_entities(id) | count)] -%}
{%- endfor -%}
{{ found.all | to_json }}
"""

State = dict[str, Any]  # entity_id, state, attributes, ...


class HomeAssistant:
    """Runs in `folder`; `hass` is the program. `start`, then `set_up` once."""

    def __init__(self, hass: Path, folder: Path, port: int) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self._hass, self._token = hass, ""
        self._process: subprocess.Popen[bytes] | None = None
        storage = folder / ".storage"
        storage.mkdir(parents=True)
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port))
        # All that it asks of a new user but the account itself; it would look for devices around.
        done = {"done": ["core_config", "analytics", "integration"]}
        onboarding = {"version": 4, "minor_version": 1, "key": "onboarding", "data": done}
        (storage / "onboarding").write_text(json.dumps(onboarding))

    @property
    def log(self) -> str:
        return (self.folder / "output.txt").read_text(errors="replace")

    def start(self) -> None:
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [self._hass, "--config", self.folder],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Home Assistant does not start:\n{self.log[-3000:]}")
            time.sleep(0.5)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def set_up(self, broker_port: int, certificates: dict[str, Path]) -> None:
        """The owner's account, and the MQTT integration as its forms would be filled in.

        `certificates`: `certificate` of the authority, `client_cert` and `client_key`.
        """
        client = {"client_id": f"{self.url}/"}
        account = self._call("/api/onboarding/users", {**USER, **client, "language": "en"})
        login = {"grant_type": "authorization_code", "code": account["auth_code"], **client}
        self.tokens = self._call("/auth/token", urllib.parse.urlencode(login).encode())
        self._token = self.tokens["access_token"]
        flows = "/api/config/config_entries/flow"
        form = self._call(flows, {"handler": "mqtt", "show_advanced_options": True})
        broker = {"broker": "localhost", "port": broker_port}
        own = {**broker, "client_id": "homeassistant"}
        own |= {"set_client_cert": True, "set_ca_cert": "custom"}
        files = {name: self._upload(path) for name, path in certificates.items()}
        for answers in ({**broker, "advanced_options": True}, own, {**own, **files}):
            form = self._call(f"{flows}/{form['flow_id']}", answers)
        assert form["type"] == "create_entry", form

    def states(self) -> dict[str, State]:
        """The entities that came by MQTT, by what ends their id: `anomaly`, `threshold`..."""
        ids = self.template("{{ integration_entities('mqtt') | to_json }}")
        device = self.device() or {}
        name = str(device.get("name", "")).lower().replace(" ", "_")
        return {
            state["entity_id"].partition(".")[2].removeprefix(f"{name}_"): state
            for state in self._call("/api/states")
            if state["entity_id"] in ids
        }

    def device(self) -> dict[str, Any] | None:
        """Name, model and version of the one device that came by MQTT, or None."""
        found = self.template(DEVICES)
        assert len(found) <= 1, f"{len(found)} devices: {found}"
        return found[0] if found else None

    def template(self, text: str) -> Any:
        return self._call("/api/template", {"template": text})

    def act(self, service: str, **data: Any) -> None:
        """Does what a tap does: `act("button/press", entity_id=...)`."""
        self._call(f"/api/services/{service}", data)

    def _upload(self, file: Path) -> str:
        """Returns the id that a form refers to."""
        head = f'--trial\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"'
        body = f"{head}\r\n\r\n".encode() + file.read_bytes() + b"\r\n--trial--\r\n"
        kind = "multipart/form-data; boundary=trial"
        return str(self._call("/api/file_upload", body, kind)["file_id"])

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/manifest.json", timeout=5):
                return True
        except OSError:
            return False

    def _call(self, path: str, data: dict[str, Any] | bytes | None = None, kind: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        body = json.dumps(data).encode() if isinstance(data, dict) else data
        if kind or isinstance(data, dict):
            headers["Content-Type"] = kind or "application/json"
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error
        try:
            return json.loads(text)
        except ValueError:
            return text
