"""Months of simulated lives: what the slow charts find at a mean a minute, and how the compiled
program does on the same lives at two readings a second.

What was run last is kept, so that its tables can be printed again without the work.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmark import processes, program, slow_firmware, slow_grid, slow_report, synthetic
from benchmark.life_kinds import KINDS
from benchmark.lives import Life
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import files

KEPT: Final = PROJECT / ".pio" / "benchmark" / "slow.json"

# One of five devices is also run at two readings a second, for two weeks after each training.
DEVICES_A_FIRMWARE: Final = 5
FIRMWARE_DAYS: Final = 14


@dataclass(frozen=True)
class Settings:
    """What the command line says. Devices are of each kind."""

    days: int = 30
    devices: int = 10
    seed: int = 1
    firmware_days: int = FIRMWARE_DAYS
    times: int = 10  # events of each kind and size on each of its days, at two readings a second
    firmware_events_on: tuple[int, ...] = slow_firmware.DAYS_OF_EVENTS
    kinds: tuple[str, ...] = tuple(KINDS)
    jobs: int = 1


def quick(settings: Settings) -> Settings:
    """The same with one device of each kind, and no more days than the events need."""
    return replace(settings, days=26, devices=1, firmware_days=9, times=3, firmware_events_on=(8,))


def run(
    profile: Profile,
    detectors: list[str],
    settings: Settings,
    told: Callable[[int, int], None],
    compiler: program.Compiler | None = None,
) -> dict[str, Any]:
    """Measures all; `told` hears (tasks done, tasks in all). The result is what `--json` prints.

    Raises:
      UserError: the profile is for another sensor or has no slow charts, or there is no compiler.
    """
    if not synthetic.suits(profile):
        raise UserError(f"profile {profile.name}: the simulated lives have one channel at 2 Hz")
    if profile.slow is None:
        raise UserError(f"profile {profile.name}: has no table [slow]")
    grid = slow_grid.tasks(
        detectors,
        profile.slow,
        settings.kinds,
        settings.devices,
        settings.days,
        settings.seed,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compiler = compiler or program.compiler(folder / "objects")
        firmware = _firmware_tasks(profile, settings, compiler, folder)
        total = len(grid) + len(firmware)
        told(0, total)
        slow, fast = [], []
        for outcome in processes.spread(slow_grid.measure, grid, settings.jobs):
            slow.append(outcome)
            told(len(slow), total)
        for at_2_hz in processes.spread(slow_firmware.measure, firmware, settings.jobs):
            fast.append(at_2_hz)
            told(len(slow) + len(fast), total)
    return slow_report.report(slow, fast) | {"settings": vars(settings) | {"profile": profile.name}}


def keep(result: dict[str, Any], path: Path = KEPT) -> None:
    """Writes a result where `kept` finds it.

    Raises:
      UserError: the file cannot be written.
    """
    files.write_if_changed({path: (json.dumps(result, indent=1) + "\n").encode()})


def kept(path: Path = KEPT) -> dict[str, Any] | None:
    """What was run last, if anything.

    Raises:
      UserError: the file cannot be read.
    """
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it") from error
    return result


def _firmware_tasks(
    profile: Profile, settings: Settings, compiler: program.Compiler, folder: Path
) -> list[slow_firmware.Task]:
    devices = max(1, settings.devices // DEVICES_A_FIRMWARE)
    days = min(settings.days, settings.firmware_days)
    return [
        slow_firmware.Task(
            profile,
            Life(kind, seed),
            training,
            days,
            settings.firmware_events_on,
            settings.times,
            compiler,
            folder,
        )
        for training in slow_firmware.TRAININGS
        for kind in settings.kinds
        for seed in slow_grid.seeds(settings.seed, devices)
    ]
