"""The profile `any`, told neither unit nor noise: through the class that other projects get."""

import shutil
import subprocess
from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest
from conftest import PROJECT

from benchmark import devices, nab, program, synthetic
from project import profile as profiles
from project.errors import UserError
from training import codegen, manifest

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")

Array = npt.NDArray[np.float64]
WARMUP, NORMAL, ANOMALY, FAULT = range(4)
DAY = 2 * 86400

# Its arguments are the seconds from sample to sample, and after how many samples it is switched
# off and on again, with what it kept. A NaN in the samples asks it to learn anew.
MAIN = """
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include "anomaly_detector.h"
#include "model_config.h"
using namespace anomaly;
using Own = Detector<model_config::Model>;
int main(int, char** arguments) {
  const float seconds = static_cast<float>(std::atof(arguments[1]));
  const long reboot = std::atol(arguments[2]);
  auto detector = std::make_unique<Own>(seconds);
  static uint8_t kept[Own::kSavedBytes];
  float value;
  for (long i = 0; std::fread(&value, sizeof(value), 1, stdin) == 1; ++i) {
    if (i == reboot) {
      if (detector->Save(kept, sizeof(kept)) != sizeof(kept)) return 1;
      detector = std::make_unique<Own>(seconds);
      if (detector->Load(kept, sizeof(kept)) != BlockFound::kUsable) return 2;
    }
    if (std::isnan(value) && !detector->Learn(200)) return 3;
    const Verdict verdict = detector->Update(std::isnan(value) ? 0.0f : value);
    if (verdict.state != State::kFault && !std::isfinite(verdict.score)) return 4;
    std::putchar(static_cast<int>(verdict.state));
  }
}
"""


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("any")
    profile = profiles.load(profiles.find("any"))
    header = codegen.config_header(profile, manifest.load(PROJECT / "models" / "any"))
    (folder / "model_config.h").write_text(header)
    (folder / "main.cpp").write_text(MAIN)
    rooms = cpp_probe.detector_libraries(PROJECT)
    sources = [file for room in rooms for file in sorted(room.glob("*.cpp"))]
    command = ["g++", "-std=c++17", "-O2", *(f"-I{path}" for path in (folder, *rooms))]
    subprocess.run([*command, folder / "main.cpp", *sources, "-o", folder / "detector"], check=True)
    return folder / "detector"


def states(detector: Path, values: Array, seconds: object = 0.5, reboot: int = -1) -> Array:
    """The state after each value."""
    done = subprocess.run(
        [detector, str(seconds), str(reboot)],
        input=values.astype(np.float32).tobytes(),
        capture_output=True,
        check=True,
    )
    assert len(done.stdout) == len(values)
    return np.frombuffer(done.stdout, np.uint8)


def alarms(found: Array) -> list[int]:
    on = found >= ANOMALY
    return np.flatnonzero(on & ~np.concatenate([[False], on[:-1]])).tolist()


def noise(count: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(0, 1, count)


def with_events() -> Array:
    values = noise(4000)
    values[2000:2004] += 20
    values[3000:] += 6
    return values


def test_it_measures_then_judges(detector: Path) -> None:
    found = states(detector, with_events())
    assert (found[:145] == WARMUP).all()  # the noise of 120 changes, then as any detector
    assert (found[145:2000] == NORMAL).all()
    first, second = alarms(found)
    assert first == 2000
    assert 3000 <= second < 3020


@pytest.mark.parametrize("gain", [1e-6, 1e-3, 1.8, 1e4, -1])
@pytest.mark.parametrize("offset", [0.0, 32.0, -5000.0])
def test_it_has_no_unit(detector: Path, gain: float, offset: float) -> None:
    values = with_events()
    found = states(detector, gain * (values + offset))
    plain = states(detector, values)
    assert alarms(found) == alarms(plain)
    assert np.count_nonzero(found != plain) <= 4  # an alarm's end, by the last digit of a float


@pytest.mark.parametrize("seconds", [0.1, 1, 60, 0, -1, "nan"])
def test_any_pace_finds_what_happens_at_once(detector: Path, seconds: object) -> None:
    assert alarms(states(detector, with_events(), seconds))[0] == 2000


def test_readings_an_hour_apart_are_judged_by_their_days(detector: Path) -> None:
    """What is ordinary at noon is none at night, so a reading alone is no alarm."""
    hours = np.arange(24 * 40)
    values = 20 + 3 * np.sin(2 * np.pi * hours / 24) + 0.3 * noise(len(hours))
    values[24 * 30 :] += 8
    found = alarms(states(detector, values, 3600))
    assert found
    assert 24 * 30 <= found[0] < 24 * 31


@pytest.mark.parametrize(("step", "sigma"), [(0.1, 0.03), (0.0625, 0.02), (0.0625, 0.05)])
def test_coarse_readings_of_a_room_are_normal(detector: Path, step: float, sigma: float) -> None:
    """As those of a DHT22 and a DS18B20, in which the noise is often not to be seen."""
    seconds = np.arange(3 * DAY) / 2
    room = 21 + 1.5 * np.sin(2 * np.pi * seconds / 86400) + 0.2 * np.sin(2 * np.pi * seconds / 600)
    values = np.round((room + sigma * noise(len(room))) / step) * step
    found = states(detector, values)
    assert not (found == FAULT).any()
    assert len(alarms(found)) <= 1  # of the days that it does not know yet


def test_what_never_moves_is_not_judged_and_no_fault(detector: Path) -> None:
    values = np.full(5000, 21.0)
    assert (states(detector, values) == WARMUP).all()
    values[4000:] += 0.01 * noise(1000)
    assert states(detector, values)[-1] == NORMAL


def test_noise_that_stops_is_a_fault_once(detector: Path) -> None:
    values = noise(4000)
    values[1000:1200] = values[999]
    values[2000:2200] = values[1999]
    found = states(detector, values)
    assert (found[1095:1200] == FAULT).all()
    assert not (found[1200:] == FAULT).any()  # it may do so for as long again
    assert alarms(found) == [1088]


def life(kind: str, days: int, seconds: float) -> Array:
    """Days that are not noise about a level."""
    t = np.arange(round(days * 86400 / seconds)) * seconds
    if kind == "a noise that was quiet at first":
        return noise(len(t)) * np.where(np.arange(len(t)) < 2000, 1, 3)
    if kind == "a meter that counts":
        return np.cumsum(0.001 + 0.0005 * (t // 1200 % 2))
    if kind == "a load that switches":
        switches = np.random.default_rng(3).random(len(t)) < seconds / 1800
        return 100 * (np.cumsum(switches) % 2) + 0.5 * noise(len(t))
    wave = 2 * np.sin(2 * np.pi * t / 86400) + 0.3 * np.sin(2 * np.pi * t / 3600)
    return np.round(20 + wave + 0.05 * noise(len(t)), 2)


@pytest.mark.parametrize("seconds", [2, 10, 30, 60])
@pytest.mark.parametrize(
    "kind",
    [
        "a noise that was quiet at first",
        "a meter that counts",
        "a load that switches",
        "a room",
    ],
)
def test_what_is_no_noise_about_a_level_is_learnt_soon(
    detector: Path, kind: str, seconds: float
) -> None:
    """docs/any.md says so: an alarm of the first two days lasts for 30 readings at most."""
    found = states(detector, life(kind, 6, seconds), seconds)
    assert not (found == FAULT).any()
    on = np.flatnonzero(np.diff(np.concatenate([[0], found == ANOMALY, [0]])))
    longest = max((end - begin for begin, end in zip(on[::2], on[1::2], strict=True)), default=0)
    assert longest * seconds <= max(30 * seconds, 600)
    days = [np.mean(day == ANOMALY) for day in np.split(found, 6)]
    assert days[0] < 0.1
    assert days[1] < 0.05
    assert max(days[2:]) < 0.01


def test_a_smaller_step_makes_it_measure_again(detector: Path) -> None:
    """What moved once and then rested has half of that step for its noise."""
    values = np.full(3000, 5.0)
    values[300:] += 1000
    values[1000:] += 50
    values[1500:] += 500
    found = states(detector, values)
    assert (found[500:1000] == NORMAL).all()
    assert (found[1000:1140] == WARMUP).all()
    assert alarms(found)[0] == 1500


def test_what_it_learnt_outlives_a_reboot(detector: Path) -> None:
    values = with_events()
    found = states(detector, values, reboot=1000)
    assert (found[1024:2000] == NORMAL).all()  # a warm-up, and the noise is known
    assert alarms(found)[0] == 2000


def test_it_learns_anew_when_it_is_asked_to(detector: Path) -> None:
    values = np.concatenate([noise(1000), [np.nan], 40 * noise(1000, 2)])
    found = states(detector, values)
    assert (found[1000:1200] == WARMUP).all()
    assert (found[1225:] == NORMAL).all()


def test_it_finds_what_a_trained_detector_finds(
    tmp_path: Path, host_compiler: program.Compiler
) -> None:
    """Two of the simulated devices, learnt on a minute; `./piow benchmark synthetic` has twenty."""
    profile = profiles.load(profiles.find("any"))
    settings = synthetic.Settings(days=0.5, devices=2)
    total = synthetic.Outcome(0)
    for index, device in enumerate(devices.draw(2, 1, 0.0, 0.3)):
        signals = synthetic.draw_signals(device, settings, index)
        data = synthetic.dataset(signals.recording)
        outcome = synthetic._as_firmware(
            profile, data, signals, host_compiler, tmp_path / str(index)
        )
        total.add(outcome)
    result = synthetic.report(total)
    assert result["recall"] >= 0.88
    assert result["false_alarms_per_day"] == 0


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, host_compiler: program.Compiler
) -> program.Program:
    """The firmware with this profile."""
    profile = profiles.load(profiles.find("any"))
    folder = tmp_path_factory.mktemp("any-program")
    return host_compiler.build(profile, manifest.load(PROJECT / "models" / "any"), folder)


def test_a_board_knows_its_noise_after_a_reboot(built: program.Program) -> None:
    first, second = noise(1000)[:, None], noise(1000, 2)[:, None]
    (fresh,) = built.states([second])
    assert bytes(fresh[:145]) == b"W" * 145
    (again,) = built.states([second], before=first)
    assert bytes(again[:24]) == b"W" * 24
    assert bytes(again[24:200]) == b"N" * 176


def test_a_board_says_how_its_noise_is_measured_again(built: program.Program) -> None:
    command = [str(built.path), "--simulate", "normal", "--seconds", "10"]
    done = subprocess.run(command, input="learn\n", capture_output=True, text=True, check=True)
    assert (
        "ERR the profile has learnt its noise by itself; calibrate measures it again" in done.stdout
    )


def test_its_demo_begins_once_it_knows_the_noise(built: program.Program) -> None:
    command = [str(built.path), "--simulate", "mixed"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count(" found ") == 4
    assert "missed" not in said


def test_it_finds_the_failures_of_an_office(host_compiler: program.Compiler) -> None:
    file = PROJECT.parent / "shared" / "data" / "nab_ambient_temperature.csv"
    if not file.exists():
        pytest.skip("the recording is not there")
    spans = [["2013-12-15 07:00:00", "2013-12-30 09:00:00"]]
    spans.append(["2014-03-29 15:00:00", "2014-04-20 22:00:00"])
    recording = nab.read_file(file, spans)
    begins = np.flatnonzero(nab.program_begins("any", recording, host_compiler)[:, nab.FIXED])
    for first, last in recording.windows:
        assert any(first <= row <= last for row in begins)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("channels = ['a', 'b']", "suits one channel without frames"),
        ("span = 10.0", "has no unit"),
    ],
)
def test_what_has_a_unit_is_refused(tmp_path: Path, change: str, reason: str) -> None:
    text = (PROJECT / "profiles" / "any.toml").read_text(encoding="utf-8")
    if "span" in change:
        text = text.replace("learn_days = 7", f"learn_days = 7\n{change}")
    else:
        text = text.replace('channels = ["value"]', change)
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=reason):
        profiles.load(file)
