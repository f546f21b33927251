"""What the monitor shows of frames: their level, and their spectrum as bars."""

from pathlib import Path

import pytest

from monitor import telemetry
from monitor.frame_view import FrameView
from monitor.profile import unit_of, units_of
from monitor.telemetry import Reading
from monitor.view import View, plain_screen

GLYPHS = "12345678"


def reading(further: str, real: str = "-1.00", recon: str = "-2.00") -> Reading:
    count = 1 + further.count(": ")
    line = f"Real: {real} | Recon: {recon} | Score: 0.5 | Threshold: 2.0 | State: NORMAL"
    item = telemetry.parse(f"{line} | Channels: {count}{further}")
    assert isinstance(item, Reading)
    return item


def test_the_level_is_that_of_all_channels() -> None:
    view = FrameView()
    view.first = "x.log_rms"
    shown = view.show(reading(" | y.log_rms: -1.00 (-2.000)"), GLYPHS, 14)
    assert shown is not None
    assert shown.value == pytest.approx(2**0.5 / 10)
    assert (shown.text, shown.expected, shown.spectrum) == ("0.1414", "0.01414", "")


def test_bands_are_drawn_from_low_to_high() -> None:
    view = FrameView()
    view.first = "vector.log_rms"
    bands = " | vector.band_20_40.mean: -3.00 | vector.band_8_20.mean: -4.00"
    shown = view.show(reading(bands + " | vector.band_40_80.mean: -2.00"), GLYPHS, 14)
    assert shown is not None and shown.spectrum == "148"
    louder = " | vector.band_20_40.mean: -2.00 | vector.band_8_20.mean: 0.00"
    shown = view.show(reading(louder), GLYPHS, 14)  # on the scale of what was shown before
    assert shown is not None and shown.spectrum == "84"
    maxima = " | vector.band_8_20.max: 1.0000 | vector.band_8_20.mean: -4.00"
    shown = FrameView().show(reading(maxima), GLYPHS, 14)
    assert shown is not None and len(shown.spectrum) == 1


def test_the_first_mel_band_is_the_reading_itself() -> None:
    view = FrameView()
    view.first = "sound.mel_1.mean"
    shown = view.show(reading(" | sound.mel_2.mean: -3.00", real="-1.00"), GLYPHS, 14)
    assert shown is not None and shown.spectrum == "81"
    assert (shown.value, shown.text) == (-1.0, "-1.00")


def test_a_sample_is_shown_as_it_is() -> None:
    line = "Real: 25.13 | Recon: 25.02 | Score: 0.0123"
    item = telemetry.parse(line)
    assert isinstance(item, Reading)
    view = FrameView()
    assert view.show(item, GLYPHS, 14) is None
    view.first = "temperature"
    assert view.show(item, GLYPHS, 14) is None


def test_a_board_with_frames_is_shown_with_its_spectrum(project: Path) -> None:
    view = View(plain_screen(110), unit_of=unit_of, units_of=units_of)
    view.feed("Profile: vibration | Engine: dense int8 | Fingerprint: 0 | Period: 1 ms\r\n")
    further = "".join(
        f" | {name}: {index / 10:.2f} (0.00)"
        for index, name in enumerate(list(units_of("vibration"))[1:])
    )
    count = 1 + further.count(": ")
    line = f"Real: 0.00 | Recon: 0.00 | Score: 9.0 | Threshold: 2.0 | State: ANOMALY{{}}{further}"
    shown = view.feed(line.format(f" | Cause: band 20-35 Hz | Channels: {count}") + "\r\n")
    assert " g  " in shown and "\u2581" in shown and "band 20-35 Hz" in shown
    assert "Channels" not in shown


def test_digits_are_as_many_as_the_board_sends() -> None:
    shown = telemetry.parse(
        "Real: 0.0123 | Recon: 0.0120 | Score: 0.1 | Channels: 2 | y: 0.00123 (0.00100)"
    )
    assert isinstance(shown, Reading) and shown.channels["y"].value_text == "0.00123"
    assert not isinstance(
        telemetry.parse("Real: 1 | Recon: 1 | Score: 1 | Channels: 2 | y: 1.2"), Reading
    )
