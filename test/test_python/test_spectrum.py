"""Windows and their spectra: NumPy against C++, and mel bands against librosa."""

import itertools
import shutil
import wave
from pathlib import Path

import framer_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from project.errors import UserError
from project.profile import Frame
from project.profile.catalogue import FRAME_CATALOGUE
from project.profile.frame import FrameValue, Windows
from project.profile.keys import ALL
from training import frames, spectrum

Array = npt.NDArray[np.float64]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FAN = Path(__file__).resolve().parents[2] / "examples" / "fan.toml"
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")


def everything(
    windows: Windows, channel: int, edges: list[float], several: bool
) -> list[FrameValue]:
    """All that windows can say of one channel, some of it twice."""
    found = [
        FrameValue("band", channel, take, (low, high))
        for take in ("mean", "max", "sd")
        for low, high in itertools.pairwise(edges)
    ]
    bands = range(1, windows.mel_bands + 1)
    found += [FrameValue("mel", channel, take, None, band) for take in ("max",) for band in bands]
    found += [FrameValue("mfcc", channel, "mean", None, index) for index in range(4)]
    found += [FrameValue("centroid", channel, take) for take in ("mean", "sd")]
    found += [FrameValue(kind, channel, "mean") for kind in ("log_rms", "zero_crossing_rate")]
    found += [FrameValue("log_rms", channel, "sd"), FrameValue("kurtosis", channel, "max")]
    return found + ([FrameValue("tilt", ALL)] if several else [])


def worst(frame: Frame, rate_hz: float, got: Array, expected: Array) -> float:
    """The largest error: of a logarithm as it is, of a centroid in lines of the spectrum, of an
    angle in radians, of others relative to themselves or to 1."""
    assert frame.windows is not None
    line_hz = rate_hz / frame.windows.size
    errors = [0.0]
    for column, value in enumerate(frame.values):
        if value.kind == "zero_crossing_rate":  # a sample may be the mean to the last digit
            assert np.mean(abs(got - expected)[:, column] > 1e-3 * rate_hz) < 1e-3
            continue
        scale = np.maximum(1.0, abs(expected[:, column]))
        if value.kind == "centroid":
            scale = np.maximum(line_hz, scale)
        elif value.kind == "tilt":
            scale = np.full(len(expected), np.degrees(1.0))
        elif value.kind in ("band", "mel") or value.kind.startswith("log_"):
            scale = np.ones(len(expected))
        errors.append(float((abs(got - expected)[:, column] / scale).max()))
    return max(errors)


SHAPES = [
    (1, 1000.0, 64, 32, Windows(32, 16, 6, (20.0, 500.0))),  # 100,000 frames
    (3, 1000.0, 512, 256, Windows(128, 64, 8, (8.0, 480.0))),
    (2, 100.0, 128, 64, Windows(128, 64, 5, (1.0, 50.0))),
    (1, 16000.0, 15872, 15872, Windows(512, 256, 8, (60.0, 8000.0))),
]


@needs_compiler
@pytest.mark.parametrize(("channels", "rate_hz", "samples", "hop", "windows"), SHAPES)
def test_numpy_and_the_firmware_see_the_same_windows(
    project: Path,
    tmp_path: Path,
    channels: int,
    rate_hz: float,
    samples: int,
    hop: int,
    windows: Windows,
) -> None:
    """In 100,000 random frames: noise, impulses, a tone on a large level; and in walks.

    The steps of a walk are a ten-thousandth of its power. Where a line of them is almost nothing by
    chance, a logarithm of float32 has a digit less.
    """
    several = channels > 1
    edges = [0.0, rate_hz / 16, rate_hz / 8, rate_hz / 4, rate_hz / 2]
    channel = ALL if several else 0
    values = everything(windows, channel, edges, several)
    if several:  # of one axis too, for which the spectrum is worked out again
        values += [FrameValue("band", 1, "mean", (edges[1], edges[3])), FrameValue("rms", ALL)]
    frame = Frame(samples, hop, tuple(values), windows)
    random = np.random.default_rng(samples)
    rows = {64: 3_200_000, 512: 200_000, 128: 60_000, 15872: 160_000}[samples] // 3
    noise = random.standard_normal((rows, channels))
    time = np.arange(rows)[:, None] / rate_hz
    tone = np.sin(2 * np.pi * rate_hz / 9 * time) + 1e-3 * random.standard_normal((rows, channels))
    walk = np.cumsum(noise, axis=0) / 30
    for x, most in (
        (np.concatenate([noise, noise**5, 9.81 + 0.2 * tone]), 1e-4),
        (walk[: max(rows // 4, 2 * samples)], 1e-3),
    ):
        x = x.astype(np.float32).astype(np.float64)
        got = framer_probe.run(project, tmp_path, frame, rate_hz, x)
        assert worst(frame, rate_hz, got, frames.compute(frame, rate_hz, x)) < most


@needs_compiler
def test_on_recordings(project: Path, tmp_path: Path) -> None:
    clips = sorted((SHARED / "esc10_16k").glob("*_*-*.wav"))[::12]
    if not clips:
        pytest.skip("no recordings here")
    windows = Windows(512, 256, 8, (60.0, 8000.0))
    values = everything(windows, 0, [60.0, 500.0, 2000.0, 8000.0], several=False)
    frame = Frame(15872, 15872, tuple(values), windows)
    x = np.concatenate([sound(clip) for clip in clips])[:, None]
    got = framer_probe.run(project, tmp_path, frame, 16000.0, x)
    assert worst(frame, 16000.0, got, frames.compute(frame, 16000.0, x)) < 1e-4


def sound(path: Path) -> Array:
    """Samples [rows] of a WAV file of 16 bits, full scale 1."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


def test_frames_do_not_depend_on_how_many_are_worked_out_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    windows = Windows(32, 16)
    frame = Frame(
        64, 32, (FrameValue("band", 0, "max", (10.0, 30.0)), FrameValue("rms", 0)), windows
    )
    x = np.random.default_rng(1).standard_normal((5000, 1))
    whole = frames.compute(frame, 100.0, x)
    monkeypatch.setattr(frames, "_AT_A_TIME", 1000)
    assert np.array_equal(frames.compute(frame, 100.0, x), whole)
    assert len(whole) == (5000 - 64) // 32 + 1


# --- against librosa


@pytest.mark.parametrize(("bands", "low", "high"), [(8, 60.0, 8000.0), (40, 0.0, 8000.0)])
def test_mel_bands_and_cepstral_coefficients_are_those_of_librosa(
    bands: int, low: float, high: float
) -> None:
    filters = pytest.importorskip("librosa.filters")
    import scipy.fft

    windows = Windows(512, 256, bands, (low, high))
    own = np.zeros((bands, 257))
    for row, part in zip(own, spectrum.mel(windows, 16000.0), strict=True):
        row[part.first : part.first + part.count] = part.weights
    others = filters.mel(sr=16000, n_fft=512, n_mels=bands, fmin=low, fmax=high)
    assert abs(own - others).max() < 1e-6 * others.max()

    x = np.random.default_rng(3).standard_normal(15872) * np.linspace(0.01, 1, 15872)
    values = [FrameValue("mel", 0, "mean", None, band) for band in range(1, bands + 1)]
    values += [FrameValue("mfcc", 0, "mean", None, index) for index in range(bands)]
    got = frames.compute(Frame(15872, 15872, tuple(values), windows), 16000.0, x[:, None])[0]
    cut = np.lib.stride_tricks.sliding_window_view(x, 512)[::256]
    power = abs(np.fft.rfft(cut * filters.get_window("hann", 512))) ** 2
    if low == 0:  # whose first band has the constant in it, which is taken off
        cut = cut - cut.mean(axis=1, keepdims=True)
        power = abs(np.fft.rfft(cut * filters.get_window("hann", 512))) ** 2
    mel = np.log10(power @ others.T)
    assert abs(got[:bands] - mel.mean(axis=0)).max() < 1e-3
    cepstrum = scipy.fft.dct(10 * mel, type=2, norm="ortho")
    assert abs(got[bands:] - cepstrum.mean(axis=0)).max() < 1e-3


# --- profiles


def with_frame(tmp_path: Path, text: str) -> profiles.Profile:
    """The fan's profile with another [frame]."""
    whole = FAN.read_text("utf-8")
    begin, end = whole.index("[frame]"), whole.index("[features]")
    file = tmp_path / "own.toml"
    file.write_text(whole[:begin] + text + whole[end:], "utf-8")
    return profiles.load(file)


SOUND = "[frame]\nsamples = 128\nhop = 64\n"
HALF = "[frame.windows]\nsize = 64\nhop = 32\n"


def test_entries_become_values_with_names(tmp_path: Path) -> None:
    values = (
        'values = ["log_rms", '
        '{ kind = "band", channel = "vector", hz = [2, 10, 50], take = "max" }, '
        '{ kind = "mfcc", channel = "x", count = 2 }, { kind = "tilt", channel = "vector" }, '
        '{ kind = "log_rms", channel = "z", take = "sd" }]\n'
    )
    profile = with_frame(tmp_path, SOUND + values + HALF + "mel_bands = 3\nmel_hz = [5, 100]\n\n")
    assert profile.value_names == (
        *("x.log_rms", "y.log_rms", "z.log_rms"),
        *("vector.band_2_10.max", "vector.band_10_50.max"),
        *("x.mfcc_0", "x.mfcc_1", "vector.tilt", "z.log_rms.sd"),
    )
    assert profile.value_units == ("", "", "", "", "", "dB", "dB", "deg", "")


@pytest.mark.parametrize(
    ("values", "windows", "said"),
    [
        ('["centroid"]', HALF, r"take: is missing"),
        (
            '[{ kind = "centroid", take = "mean" }]',
            "",
            r"centroid needs windows: \[frame.windows\]",
        ),
        ('["tilt"]', HALF, r'channel: tilt is of all channels: "vector"'),
        ('[{ kind = "band", hz = [2, 1], take = "max" }]', HALF, r"each above the one before it"),
        (
            '[{ kind = "band", hz = [2, 200], take = "max" }]',
            HALF,
            r"200 is above half of rate_hz, 100",
        ),
        (
            '[{ kind = "band", hz = [4, 5], take = "max" }]',
            HALF,
            r"4 to 5 has no line of a spectrum",
        ),
        ('["rms"]', HALF.replace("64", "48"), r"size: 48 is not a power of two"),
        (
            '["rms"]',
            HALF.replace("32", "24"),
            r"samples: 128 are not filled by windows of 64.*take 112 or 136",
        ),
        ('["rms"]', HALF.replace("64", "256"), r"of 256 samples do not fit into a frame of 128"),
        ('[{ kind = "mel", take = "max" }]', HALF, r"mel_hz ends at 8000, above half of rate_hz"),
        (
            '[{ kind = "mfcc", count = 9 }]',
            HALF + "mel_hz = [5, 100]\n",
            r"count: 9 of 8 mel bands: 8 at most",
        ),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, values: str, windows: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        with_frame(tmp_path, f"{SOUND}values = {values}\n{windows}\n")


def test_every_kind_is_a_function_or_of_a_spectrum() -> None:
    for kind, about in FRAME_CATALOGUE.items():
        assert about.spectral or hasattr(frames, kind)
