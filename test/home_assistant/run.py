#!/usr/bin/env python3
"""Tries the virtual board and the gateway with the real Home Assistant, from discovery to farewell.

    python test/home_assistant/run.py [--version VERSION] [--picture FILE.png]

Installs Home Assistant in .pio/home_assistant (2 minutes, once), gives it an account, a broker and
the MQTT integration as a user would, and looks at what it shows through its own API.
Exit codes: 0 all holds, 1 something does not, 77 something that it needs is missing.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).absolute().parent
PROJECT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(PROJECT), str(PROJECT / "test" / "test_python")]

import brokers  # noqa: E402
import environment  # noqa: E402
from trial import (  # noqa: E402
    DISCOVERY,
    ENTITIES,
    ID,
    REPORT_SECONDS,
    TOPIC,
    Trial,
    until,
)

EXIT_SKIPPED = 77

# --- the checks, each with what the one before it has left


def appears(trial: Trial) -> None:
    """Entities appear under one device"""
    trial.start("board")
    trial.start("gateway")
    until("the device appears", 30, trial.home.device)
    trial.all_are(True, 30)
    states, device = trial.home.states(), trial.home.device()
    assert device is not None
    for name, platform in ENTITIES.items():
        assert name in states, f"{name} is missing among {', '.join(states)}"
        assert states[name]["entity_id"].startswith(f"{platform}."), states[name]
    assert device["entities"] == len(states), device
    assert device["name"].endswith(ID[-6:]), device
    config = trial.payloads(DISCOVERY)[0]
    print(f"    {len(states)} entities, discovery of {len(config.encode())} bytes", flush=True)


def follows(trial: Trial) -> None:
    """They follow the board"""
    trial.shows("anomaly", "off", 90)  # after the warm-up
    trial.shows("fault", "off")
    trial.shows("cause", "none")
    value = trial.entity("value")
    state = json.loads(trial.payloads(f"{TOPIC}/state")[-1])
    assert abs(float(value["state"]) - state["value"]) < 5, (value, state)
    assert value["attributes"]["unit_of_measurement"] == "°C", value
    assert float(trial.entity("threshold")["state"]) == state["thr"], state
    assert float(trial.entity("expected")["state"]) > 0
    assert float(trial.entity("score")["state"]) < state["thr"], state


def alarms(trial: Trial) -> None:
    """An anomaly shows, with cause and event"""
    assert trial.command("inject 50 4").startswith("OK inject"), "inject"
    trial.shows("anomaly", "on", 15)
    assert trial.entity("cause")["state"] not in ("none", "unknown")
    event = trial.tells("start")
    assert event["cause"] and event["score"] > event["thr"], event
    if trial.picture:
        import picture

        device = trial.home.device()
        assert device is not None
        picture.take(trial.home, device["id"], trial.picture)


def measured(trial: Trial) -> float:
    return float(trial.entity("value")["state"])


def presses(trial: Trial) -> None:
    """The buttons do what they say: the alarm was none, and ends; the noise is measured"""
    until("the injected values have passed", 30, lambda: measured(trial) < 30)
    assert trial.press("that_was_normal").startswith("OK normal")
    trial.shows("anomaly", "off", 15)
    trial.shows("cause", "none")
    trial.tells("end")
    assert trial.press("calibrate").startswith("Calibrating: ")


def sets_threshold(trial: Trial) -> None:
    """The threshold can be set, and the board says what it is"""
    threshold = trial.entity("threshold")
    for value in ("2.5", threshold["state"]):
        since = trial.heard
        trial.home.act("number/set_value", entity_id=threshold["entity_id"], value=float(value))
        answer = trial.answer(since)
        assert answer.startswith("OK threshold"), answer
        trial.shows("threshold", value, REPORT_SECONDS + 5)
    assert trial.command("threshold default").startswith("OK threshold default")


def loses_gateway(trial: Trial) -> None:
    """A killed gateway makes all unavailable (last will); a new one brings them back"""
    trial.kill("gateway")
    trial.all_are(False, 5)
    trial.start("gateway")
    trial.all_are(True, 30)


def loses_board(trial: Trial) -> None:
    """A killed board makes all unavailable; when it comes again so do they"""
    trial.kill("board")
    trial.all_are(False, 30)
    trial.start("board")
    trial.all_are(True, 60)
    trial.shows("anomaly", "off", 90)


def is_born_again(trial: Trial) -> None:
    """When Home Assistant starts anew the board introduces itself again"""
    since = trial.heard
    trial.home.stop()
    trial.home.start()
    trial.introduces_itself(since)


def survives_broker(trial: Trial) -> None:
    """A broker that has forgotten everything is told again"""
    since = trial.heard
    trial.broker.kill()
    trial.all_are(False, 30)
    trial.broker.start()
    trial.introduces_itself(since)


def vanishes(trial: Trial) -> None:
    """A factory reset removes the device"""
    trial.factory_reset()
    until("the device is gone", 30, lambda: trial.home.device() is None)
    assert not trial.home.states()
    trial.listener.close()
    with brokers.listening(trial.broker, "homeassistant/device/#", "anomaly/v1/end") as late:
        late.publish("anomaly/v1/end", "")  # behind everything that is retained
        late.wait_for(lambda messages: any(m.topic == "anomaly/v1/end" for m in messages))
        assert not late.texts(DISCOVERY)


CHECKS = (
    appears, follows, alarms, presses, sets_threshold, loses_gateway, loses_board,
    is_born_again, survives_broker, vanishes,
)  # fmt: skip


def prepare(version: str) -> Path:
    """Installs and builds what the trial needs; returns `hass`. Raises environment.Missing."""
    if brokers.mosquitto() is None:
        raise environment.Missing("apt-get install -y --no-install-recommends mosquitto")
    hass = environment.install(version)
    subprocess.run([sys.executable, PROJECT / "piow", "run", "-e", "native", "-s"], check=True)
    return hass


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--version", default=environment.VERSION, help="of Home Assistant")
    parser.add_argument("--picture", type=Path, help="keep a picture of the device's page here")
    options = parser.parse_args()
    try:
        hass = prepare(options.version)
    except environment.Missing as error:
        print(f"Skipped: {error}")
        return EXIT_SKIPPED
    folder = environment.FOLDER / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    trial = Trial(hass, folder, options.picture)
    passed = 0
    try:
        trial.home.start()
        files = trial.authority.client(brokers.SERVER)
        trial.home.set_up(
            trial.broker.port,
            {
                "certificate": trial.authority.ca,
                "client_cert": files.certificate,
                "client_key": files.key,
            },
        )
        for check in CHECKS:
            began = time.monotonic()
            check(trial)
            print(f"{check.__doc__}: holds ({time.monotonic() - began:.0f} s)", flush=True)
            passed += 1
    except AssertionError as error:
        print(f"Does not hold: {error}\n{folder} has what each of them said.")
    finally:
        trial.close()
    print(f"{passed} passed, {len(CHECKS) - passed} failed or not tried")
    return 0 if passed == len(CHECKS) else 1


if __name__ == "__main__":
    sys.exit(main())
