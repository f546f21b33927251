"""What `esphome config` takes, and what it says of what cannot work."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from esphome_host import PROJECT, ESPHome

EXAMPLES = sorted((PROJECT / "examples" / "esphome").glob("*.yaml"))
HOST = """\
esphome: {{name: refused}}
host:
external_components:
  - source: {{type: local, path: {components}}}
sensor:
  - platform: template
    id: fed
    {fed}
  - platform: anomaly
    sensor: fed
    {watch}
"""


Configured = Callable[..., tuple[int, str]]


@pytest.fixture
def configured(esphome: ESPHome, tmp_path: Path) -> Configured:
    """Runs `esphome config` for one sensor and what watches it."""

    def run(watch: str = "", fed: str = "update_interval: 0.5s") -> tuple[int, str]:
        file = tmp_path / "refused.yaml"
        components = PROJECT / "components"
        file.write_text(HOST.format(components=components, watch=watch, fed=fed))
        done = esphome("config", file, data=tmp_path)
        return done.returncode, " ".join(done.stdout.split())

    return run


@pytest.mark.parametrize("framework", ["esp-idf", "arduino"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid(
    esphome: ESPHome, example: Path, framework: str, tmp_path: Path
) -> None:
    done = esphome("-s", "framework", framework, "config", example, data=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("framework", ["esp-idf", "arduino"])
def test_the_sources_of_a_chip_are_generated(
    esphome: ESPHome, framework: str, tmp_path: Path
) -> None:
    example = PROJECT / "examples" / "esphome" / "fridge.yaml"
    done = esphome(
        "-s", "framework", framework, "compile", "--only-generate", example, data=tmp_path
    )
    assert done.returncode == 0, done.stdout[-3000:]
    source = tmp_path / "build" / "fridge" / "src"
    assert (source / "anomaly_detector.h").is_file()
    assert "DetectorComponent<::anomaly::any::Model>(10.0f)" in (source / "main.cpp").read_text()


def pages() -> list[str]:
    """Whole configurations in the docs, with this component instead of the one on GitHub."""
    text = (PROJECT / "docs" / "esphome.md").read_text(encoding="utf-8")
    source = f"{{type: local, path: {PROJECT / 'components'}}}"
    found = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [page.replace("github://OWNER/REPO", source) for page in found if "esphome:" in page]


@pytest.mark.parametrize("page", pages())
def test_the_docs_are_valid(esphome: ESPHome, page: str, tmp_path: Path) -> None:
    file = tmp_path / "page.yaml"
    file.write_text(page)
    done = esphome("config", file, data=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_interval_is_that_of_the_sensor(configured: Configured) -> None:
    code, said = configured(fed="update_interval: 30s")
    assert code == 0, said
    assert "interval: 30s" in said


@pytest.mark.parametrize(
    ("watch", "fed", "sentence"),
    [
        ("", "update_interval: never", "'fed' is never updated by itself: say here how often"),
        (
            "",
            "filters: [{throttle: 60s}]",
            "The filter 'throttle' decides how often 'fed' has a value",
        ),
        ("interval: 2h", "update_interval: 1s", "An interval is between 0.1 s and 3600 s"),
        (
            "model: temperature",
            "update_interval: 60s",
            "The model 'temperature' is trained for a value every 0.5 s and 'fed' has one every "
            "60 s",
        ),
        ("model: vibration", "update_interval: 60s", "The model 'vibration' has frames"),
        ("model: vibraton", "update_interval: 60s", "no such profile (did you mean vibration?)"),
        ("model: nowhere.toml", "update_interval: 60s", "nowhere.toml: no such profile"),
    ],
)
def test_what_cannot_work_is_refused(
    configured: Configured, watch: str, fed: str, sentence: str
) -> None:
    code, said = configured(watch, fed)
    assert code != 0
    assert sentence in said
