"""The component on this computer: what goes in by the API, and what comes out of it."""

import math
import random
import subprocess
import sys
from pathlib import Path

import pytest
from esphome_host import PROJECT, Device, running


def life(seed: int, samples: int) -> list[float]:
    """A room of 25 degrees, as a 12-bit converter sees it."""
    noise = random.Random(seed)
    return [round(25.0 + noise.gauss(0.0, 0.08), 3) for _ in range(samples)]


def eventful() -> list[float]:
    """A spike, a step, a ramp, a sensor that is stuck, and one that is gone."""
    values = life(1, 3000)
    values[700] += 4.0
    for i in range(1000, 1100):
        values[i] += 2.0
    for i in range(1500, 1700):
        values[i] += 0.02 * (i - 1500)
    values[2000:2150] = [25.0] * 150
    values[2500:2510] = [math.nan] * 10
    return values


@pytest.fixture(scope="session", params=["temperature", "any"])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the project's own package, compiled."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, "-m", "training", "package", "--profile", request.param]
    subprocess.run([*command, "--out", folder], cwd=PROJECT, check=True)
    host = folder / "examples" / "host" / "main.cpp"
    program = folder / str(request.param)
    sources = [host, *sorted((folder / "src" / "anomaly").glob("*.cpp"))]
    subprocess.run(
        ["g++", "-std=gnu++17", "-O2", f"-I{folder / 'src'}", *sources, "-o", program], check=True
    )
    return program


def test_verdicts_are_those_of_the_package(device: Device, package: Path) -> None:
    values = eventful()
    ours = device.feed(values)
    done = subprocess.run(
        [package], input="\n".join(map(str, values)), capture_output=True, text=True, check=True
    )
    name = "trained" if package.name == "temperature" else "generic"
    told = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert len(told) == len(values)
    seen = [[after[f"{name} state"], f"{after[f'{name} score']:.4f}"] for after in ours]
    assert seen == [line[:2] for line in told]
    assert {state for state, _ in seen} == {"WARMUP", "NORMAL", "ANOMALY", "FAULT"}
    for after, (state, _, cause) in zip(ours, told, strict=True):
        assert state == "FAULT" or after[f"{name} cause"] == cause.strip()


def test_the_binary_sensors_follow_the_state(device: Device) -> None:
    for after in device.feed(eventful()):
        assert after["trained anomaly"] == (after["trained state"] == "ANOMALY")
        assert after["trained fault"] == (after["trained state"] == "FAULT")


def test_what_was_expected_is_in_the_unit_of_the_sensor(device: Device) -> None:
    after = device.feed(life(2, 200))[-1]
    assert abs(after["trained expected"] - 25.0) < 0.5


def test_a_sensor_without_a_value_is_a_fault_with_a_reason(device: Device) -> None:
    device.feed(life(3, 100))
    after = device.feed([math.nan])[-1]
    assert after["trained state"] == "FAULT"
    assert after["trained cause"]
    assert math.isnan(after["trained score"])


def test_a_sensor_that_falls_silent_is_a_fault(device: Device) -> None:
    device.feed(life(13, 100))
    assert device.wait_for("trained fault", True)["trained cause"]
    assert device.feed(life(14, 100))[-1]["trained state"] == "NORMAL"


def test_sensitivity_divides_the_threshold(device: Device) -> None:
    before = device.feed(life(4, 50))[-1]["trained threshold"]
    device.set_number("trained sensitivity", 2.0)
    assert device.feed(life(5, 1))[-1]["trained threshold"] == pytest.approx(before / 2, rel=1e-6)
    device.set_number("trained sensitivity", 1.0)
    assert device.feed(life(6, 1))[-1]["trained threshold"] == pytest.approx(before, rel=1e-6)


def test_it_learns_what_is_normal_here(device: Device) -> None:
    louder = [25.0 + 3.0 * (value - 25.0) for value in life(7, 6000)]
    alarms = sum(after["trained anomaly"] for after in device.feed(louder[:2000]))
    assert alarms > 0
    device.learn(1200)
    device.feed(louder[2000:4000])
    assert not any(after["trained anomaly"] for after in device.feed(louder[4000:]))


def test_an_alarm_that_was_normal_ends_at_once(device: Device) -> None:
    device.feed(life(15, 400))
    assert device.feed([26.0] * 10)[-1]["trained anomaly"]
    device.normal()
    device.wait_for("trained anomaly", False)


def test_what_was_normal_alarms_no_more(device: Device) -> None:
    event = [value + 1.0 for value in life(8, 10)] + life(9, 100)
    device.feed(life(10, 400))
    assert any(after["trained anomaly"] for after in device.feed(event))
    device.normal()
    assert not any(after["trained anomaly"] for after in device.feed(event))


def test_what_was_learnt_and_set_outlives_a_restart(
    program: Path, python: Path, home: Path, port: int
) -> None:
    with running(program, python, home, port) as device:
        device.feed(life(9, 400))
        device.set_number("trained sensitivity", 0.5)
        device.learn(1200)
        device.feed([25.0 + 3.0 * (value - 25.0) for value in life(10, 2000)])
        learnt = device.feed(life(11, 1))[-1]["trained threshold"]
    with running(program, python, home, port) as device:
        assert device.states()["trained sensitivity"] == 0.5
        assert device.feed(life(12, 1))[-1]["trained threshold"] == pytest.approx(learnt, rel=1e-6)
    log = (home / "log.txt").read_text(errors="replace")
    assert log.count("Going on with what was learnt") >= 1
