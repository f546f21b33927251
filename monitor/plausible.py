"""Why a recording of fast samples cannot be normal data: each reason with its cause and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.recorder import MIN_SAMPLES

if TYPE_CHECKING:
    from monitor.blocks import BlockRecorder
    from project.profile import Sensor

MAX_MISSING: Final = 0.01  # share of samples; each hole costs whole frames
MAX_CLIPPED: Final = 0.001
MAX_RATE_ERROR: Final = 0.05  # what training takes for the profile's rate
MAX_HUM: Final = 0.5  # share of the power
MAX_STILL: Final = 0.999  # share of samples beside the one that is most frequent

_LESS: Final = {
    "mpu6050": "set a larger range_g in the profile, or mount it where it shakes less",
    "inmp441": "take the microphone farther from what is so loud",
}
_LESS_OF_ADC: Final = "give it less gain, or a bias in the middle of the range"
_ALIVE: Final = {
    "inmp441": "look at VDD, SD and L/R of the microphone, and at what covers its hole",
}
_ALIVE_OF_ADC: Final = "look at the wires of the sensor and its amplifier"


def find_objections(recording: BlockRecorder, sensor: Sensor | None) -> list[str]:
    """Empty where nothing speaks against it."""
    count = len(recording)
    if count < MIN_SAMPLES:
        return [f"only {count} samples, at least {MIN_SAMPLES} are needed"]
    found = [*_about_line(recording)]
    for channel in range(len(recording.names)):
        found += _about_channel(recording, sensor, channel)
    return found + _about_hum(recording)


def _about_line(recording: BlockRecorder) -> list[str]:
    found = []
    share = recording.missing / (len(recording) + recording.missing)
    if share > MAX_MISSING:
        gaps = f"{recording.gaps} gap{'s' * (recording.gaps != 1)}"
        found.append(
            f"{share:.1%} of the samples are missing ({gaps}), because the line lost blocks: take "
            "a shorter cable or another USB port"
        )
    wanted, measured = recording.packing.rate_hz, recording.measured_hz
    if abs(measured / wanted - 1) > MAX_RATE_ERROR:
        found.append(
            f"the sensor gives {measured:.4g} samples a second by the board's clock and not "
            f"{wanted:g}, so that its part is off or another: set rate_hz of the profile to a "
            "rate that it has, or take another part"
        )
    return found


def _about_channel(recording: BlockRecorder, sensor: Sensor | None, channel: int) -> list[str]:
    counts, scale = recording.counts[channel], recording.packing.scales[channel]
    name, unit = recording.names[channel], recording.units[channel]
    kind = sensor.input.kind if sensor else ""
    middle = max(counts, key=counts.__getitem__)
    step = sensor.input.step(channel) if sensor and channel < len(sensor.channels) else 0.0
    near = max(1, round(step / scale))
    still = sum(counts[number] for number in range(middle - near, middle + near + 1))
    if still > MAX_STILL * len(recording):
        shown = f"{middle * scale:g} {unit}".rstrip()
        if len(recording.names) > 1:
            return [
                f"{name} does not move, it is {shown} throughout where a part that lives has "
                "noise: take another part"
            ]
        cure = _ALIVE.get(kind, _ALIVE_OF_ADC)
        return [f"there is silence, {name} is {shown} throughout, as of a dead sensor: {cure}"]
    bottom, top = -32768 * scale, 32767 * scale
    if sensor and channel < len(sensor.channels):
        low, high = sensor.visible(channel)
        bottom, top = max(bottom, low), min(top, high)
    found = []
    for end, clipped in (
        (bottom, sum(n for value, n in counts.items() if value * scale < bottom + scale)),
        (top, sum(n for value, n in counts.items() if value * scale > top - scale)),
    ):
        if clipped > MAX_CLIPPED * len(recording):
            found.append(
                f"{clipped / len(recording):.1%} of {name} is clipped at {end:.6g} {unit}, the end "
                f"of what the sensor can show: {_LESS.get(kind, _LESS_OF_ADC)}"
            )
    return found


def _about_hum(recording: BlockRecorder) -> list[str]:
    if recording.hum is None:
        return []
    line, share = recording.hum.loudest()
    if share <= MAX_HUM:
        return []
    return [
        f"{share:.0%} of the signal is hum of the mains at {line} Hz, picked up by its wires or "
        "supply: shorten and shield them, and take another power supply"
    ]
