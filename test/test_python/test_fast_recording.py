"""Recording what is fast: blocks on the line, CSV and WAV, what is refused, and back through it."""

import base64
import itertools
import re
import shutil
import socket
import struct
import subprocess
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pytest
from serial_line import VirtualBoard

from benchmark.program import Compiler
from monitor import collect, plausible, speed
from monitor.blocks import BlockRecorder, Packing
from monitor.port import Link
from monitor.telemetry import RawBlock, Unknown, crc16, parse
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import data, fingerprint, manifest, recordings, train, waves
from training.wishes import Wishes

Numbers = npt.NDArray[np.int16]

G = 8 / 32768  # of a count
ACCELEROMETER = Packing(1000.0, (G, G, G))
SOUND = Packing(16000.0, (2.0**-15,))


def line_of(sequence: int, micros: int, numbers: Numbers) -> str:
    text = base64.b64encode(numbers.astype("<i2").tobytes()).decode()
    body = f"RAWB,{sequence},{micros},{text}"
    return f"{body}*{crc16(body):04x}"


def blocks_of(numbers: Numbers, rate_hz: float, first: int = 0) -> Iterator[RawBlock]:
    """Samples [rows, channels] as a board sends them, in its own time."""
    size = 255 // numbers.shape[1]
    for begin in range(0, len(numbers), size):
        part = numbers[begin : begin + size].astype("<i2").tobytes()
        yield RawBlock(first + begin, round((first + begin) * 1e6 / rate_hz), part)


def quiet(rows: int, channels: int = 3, sd: float = 40) -> Numbers:
    random = np.random.default_rng(1)
    level = np.array([0, 800, 4096])[:channels] if channels > 1 else 0
    return (level + sd * random.standard_normal((rows, channels))).round().astype(np.int16)


# ---- the line


def test_a_block_is_understood() -> None:
    item = parse(line_of(4294967295, 8000000, np.array([1, -2, 32767, -32768])))
    assert item == RawBlock(4294967295, 8000000, struct.pack("<4h", 1, -2, 32767, -32768))


def test_no_flipped_bit_and_no_cut_gets_through() -> None:
    line = line_of(1234, 56789, quiet(20)).encode()
    for place in range(len(line)):
        for bit in range(8):
            spoilt = bytearray(line)
            spoilt[place] ^= 1 << bit
            assert not isinstance(parse(bytes(spoilt)), RawBlock)
        assert isinstance(parse(line[:place]), Unknown)
        assert not isinstance(parse(line[place + 1 :]), RawBlock)


@pytest.mark.parametrize(
    "text", ["", "A", "AQ==", "AQA", "AQB=", "AQA=AQA=", "AQAC====", "AQ A", "AQA=\n"]
)
def test_what_is_no_whole_number_of_numbers_is_no_block(text: str) -> None:
    body = f"RAWB,1,2,{text}"
    assert not isinstance(parse(f"{body}*{crc16(body):04x}"), RawBlock)


def test_what_a_line_has_to_carry(project: Path) -> None:
    """The figures of docs/protocol.md; the size of a block is that of lib/Signal."""
    assert round(speed.bytes_per_second(1000, 3)) == 8459
    assert round(speed.bytes_per_second(16000, 1)) == 45114
    assert round(speed.bytes_per_second(200, 3)) == 1990
    ring = (project / "lib/Signal/src/BlockRing.h").read_text("utf-8")
    assert "kBlockValues = 255;" in ring and "rate_hz / 10.0f" in ring


# ---- files


def record(path: Path, packing: Packing, *parts: tuple[int, Numbers]) -> BlockRecorder:
    """Parts of samples, each from a number on."""
    names = ("x", "y", "z")[: len(packing.scales)]
    recording = BlockRecorder(path, ["interval: 0.001"], names, packing, hum=len(names) == 1)
    for first, numbers in parts:
        for block in blocks_of(numbers, packing.rate_hz, first):
            assert recording.add(block)
    return recording


def test_rows_have_the_chips_numbers_and_even_times(tmp_path: Path) -> None:
    numbers = quiet(1000)
    recording = record(tmp_path / "a.csv", ACCELEROMETER, (7, numbers))
    assert recording.partial.name == "a.partial.csv"
    recording.finish()
    head, header, *rows = (tmp_path / "a.csv").read_text().splitlines()
    assert (head, header) == ("# interval: 0.001", "time,x,y,z")
    cells = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    assert cells[:, 0].tolist() == [n / 1000 for n in range(1000)]
    assert (cells[:, 1:].astype(np.float32) == numbers * np.float32(G)).all()
    assert (recording.gaps, recording.missing, recording.seconds) == (0, 0, 1.0)


def test_a_lost_block_is_a_gap_in_the_times(tmp_path: Path) -> None:
    numbers = quiet(850)
    recording = record(tmp_path / "a.csv", ACCELEROMETER, (0, numbers[:425]), (510, numbers[510:]))
    recording.finish()
    assert (recording.gaps, recording.missing) == (1, 85)
    found = recordings.read(tmp_path / "a.csv", accelerometer(tmp_path))
    assert [len(piece) for piece in found.pieces] == [425, 340]


def test_a_lost_block_of_sound_begins_another_file_and_loses_nothing(tmp_path: Path) -> None:
    numbers = quiet(2550, 1)
    recording = record(
        tmp_path / "a.wav",
        SOUND,
        (0, numbers[:1020]),
        (1275, numbers[1275:2040]),
        (2295, numbers[2295:]),
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("a-part2.partial.wav", "a-part3.partial.wav", "a.partial.wav")
    ]
    assert recording.finish() == tmp_path / "a.wav"
    profile = sound(tmp_path)
    found = [recordings.read(p, profile).values for p in sorted(tmp_path.glob("*.wav"))]
    parts = numbers[1275:2040], numbers[2295:], numbers[:1020]
    for values, part in zip(found, parts, strict=True):
        assert (values * 32768 == part).all()


def test_a_file_of_sound_is_whole_after_each_flush(tmp_path: Path) -> None:
    """Also where the program ends without a word."""
    numbers = quiet(1000, 1)
    recording = record(tmp_path / "a.wav", SOUND, (0, numbers))
    recording.flush()
    kept = tmp_path / "kept.wav"
    shutil.copy(recording.partial, kept)
    assert len(recordings.read(kept, sound(tmp_path)).values) == 1000
    recording.close()


def test_a_block_that_contradicts_the_others_is_left_out(tmp_path: Path) -> None:
    numbers = quiet(850)
    blocks = list(blocks_of(numbers, 1000.0))
    blocks[3] = RawBlock(blocks[3].sequence + (1 << 20), blocks[3].micros, blocks[3].data)
    recording = BlockRecorder(tmp_path / "a.csv", [], ("x", "y", "z"), ACCELEROMETER)
    kept = [recording.add(block) for block in blocks]
    assert kept == [True] * 3 + [False] + [True] * 6
    assert (recording.left_out, recording.missing, recording.restarted) == (1, 85, False)


def test_a_board_that_begins_again_is_noticed(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.csv", ACCELEROMETER, (5000, quiet(850)))
    assert [recording.add(block) for block in blocks_of(quiet(255), 1000.0)] == [False] * 3
    assert recording.restarted


# ---- what is refused

Objection = Callable[[Numbers], Numbers]


def objections(path: Path, profile: Profile, numbers: Numbers, rate_hz: float = 0) -> list[str]:
    sensor = profile.sensor
    packing = Packing(profile.sampling.rate_hz, sensor.counts)
    recording = BlockRecorder(
        path, [], sensor.channels, packing, sensor.units, hum=len(sensor.channels) == 1
    )
    for block in blocks_of(numbers, rate_hz or packing.rate_hz):
        recording.add(block)
    recording.close()
    return plausible.find_objections(recording, sensor)


def hum(hz: float, rows: int = 32000) -> Numbers:
    time = np.arange(rows) / 16000
    wave = 300 * np.sin(2 * np.pi * hz * time)
    return (wave[:, None] + quiet(rows, 1, 100)).round().astype(np.int16)


def test_good_signals_are_not_refused(tmp_path: Path) -> None:
    assert objections(tmp_path / "a.csv", accelerometer(tmp_path), quiet(5000)) == []
    for number, signal in enumerate((quiet(32000, 1), hum(440), hum(55))):
        assert objections(tmp_path / f"{number}.wav", sound(tmp_path), signal) == []


@pytest.mark.parametrize("line", [50, 60])
def test_hum_is_refused_with_its_line_and_share(tmp_path: Path, line: int) -> None:
    (found,) = objections(tmp_path / "a.wav", sound(tmp_path), hum(line * 1.002))
    assert re.match(rf"8\d% of the signal is hum of the mains at {line} Hz, picked up by", found)


def test_an_axis_that_is_dead_is_named(tmp_path: Path) -> None:
    numbers = quiet(5000)
    numbers[:, 1] = np.arange(5000) % 2 - 1
    (found,) = objections(tmp_path / "a.csv", accelerometer(tmp_path), numbers)
    assert found.startswith("y does not move, it is ") and "take another part" in found


def test_silence_is_refused(tmp_path: Path) -> None:
    (found,) = objections(tmp_path / "a.wav", sound(tmp_path), quiet(32000, 1, 0.3))
    assert "there is silence, sound is 0 FS throughout" in found and "VDD, SD and L/R" in found


def test_clipping_is_refused_with_its_share_and_cure(tmp_path: Path) -> None:
    numbers = quiet(5000)
    numbers[::100, 2] = 32767
    (found,) = objections(tmp_path / "a.csv", accelerometer(tmp_path), numbers)
    assert found.startswith("1.0% of z is clipped at 7.99976 g") and "larger range_g" in found


def test_a_wrong_rate_is_refused(tmp_path: Path) -> None:
    (found,) = objections(tmp_path / "a.csv", accelerometer(tmp_path), quiet(10200), 930)
    assert "gives 930 samples a second by the board's clock and not 1000" in found


def test_lost_blocks_are_refused_with_their_share(tmp_path: Path) -> None:
    parts = [(first, quiet(850)) for first in range(0, 9350, 935)]
    recording = record(tmp_path / "a.csv", ACCELEROMETER, *parts)
    (found,) = plausible.find_objections(recording, None)
    assert found.startswith("8.3% of the samples are missing (9 gaps), because the line lost")


# ---- a board, and how fast its line is


def write_profile(folder: Path, name: str) -> Path:
    """Quick to train: without a network, on data that are drawn."""
    source = {"accelerometer": "examples/fan.toml", "sound": "profiles/microphone.toml"}[name]
    text = (PROJECT / source).read_text("utf-8").partition("[data.synthetic]")[0]
    text = re.sub(r"\[network\].*(?=\[detector\]\n)", "", text, flags=re.DOTALL)
    text = re.sub(
        r"kind = \"autoencoder\"\nscore = .*\n(clip_output = .*\n)?", 'kind = "mahalanobis"\n', text
    )
    text = re.sub(r"whiten.* = .*\n", "", text)
    synthetic = "mean = 0.1\nsd = 0.02\nlow = -1\nhigh = 1\nseed = 1\n"
    if name == "accelerometer":
        text = text.replace('kind = "linear"', 'kind = "mpu6050"\ndlpf_hz = 184', 1)
        text = re.sub(r"(gain|offset) = .*\n", "", text).replace("200.0", "1000.0")
        text = text.replace("[-4.0, 4.0]", "[-8.0, 8.0]")
        text = text.replace("[1, 5, 10, 20, 35, 50, 70, 100]", "[8, 16, 64, 128, 250]")
        rows = 20_000
    else:
        text = text.replace("samples = 15872", "samples = 2048").replace("hop = 3840", "hop = 2048")
        rows = 100_000
    path = folder / f"{name}.toml"
    path.write_text(
        f'{text}\n[data.synthetic]\nkind = "draws"\nrows = {rows}\n{synthetic}', "utf-8"
    )
    return path


def accelerometer(folder: Path) -> Profile:
    return profiles.load(write_profile(folder, "accelerometer"))


def sound(folder: Path) -> Profile:
    return profiles.load(write_profile(folder, "sound"))


class Fast(NamedTuple):
    file: Path
    profile: Profile
    program: Path


def built(folder: Path, name: str, compiler: Compiler) -> Fast:
    file = write_profile(folder, name)
    profile = profiles.load(file)
    train.publish(train.train(profile, data.own(profile), lambda *_: None), folder / "model")
    program = compiler.build(profile, manifest.load(folder / "model"), folder / "built")
    return Fast(file, profile, program.path)


@pytest.fixture(scope="module")
def one_khz(tmp_path_factory: pytest.TempPathFactory, host_compiler: Compiler) -> Fast:
    return built(tmp_path_factory.mktemp("khz"), "accelerometer", host_compiler)


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory, host_compiler: Compiler) -> Fast:
    return built(tmp_path_factory.mktemp("sound"), "sound", host_compiler)


def run(port: str, fast: Fast, out: Path, *arguments: str) -> int:
    options = ["--port", port, "--profile", str(fast.file), "--out", str(out)]
    return collect.main([*options, *arguments])


def status(link: Link) -> dict[str, str]:
    answer = link.ask("status", lambda answer: "state" in answer.pairs())
    assert answer is not None
    return answer.pairs()


def test_a_kilohertz_of_three_axes_is_recorded_without_a_loss(
    board: Callable[..., VirtualBoard],
    one_khz: Fast,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = board("--simulate", "normal", "--speed", "20", program=one_khz.program).port
    assert run(port, one_khz, tmp_path, "--seconds", "20") == 0
    said = capsys.readouterr().out
    assert "gaps: 0 (0 samples missing)" in said and "10/20 s" in said
    (file,) = tmp_path.iterdir()
    found = recordings.read(file, one_khz.profile)
    assert 20_000 <= len(found.values) < 20_200 and found.gaps == 0
    assert ((found.values / G) % 1 < 1e-3).mean() > 0.3  # whole counts, to nine digits
    link = Link(port, 115200)
    assert {key: status(link)[key] for key in ("missed", "dropped", "baud")} == {
        "missed": "0",
        "dropped": "0",
        "baud": "115200",
    }
    link.close()


def test_sound_becomes_a_wav_file_over_a_faster_line(
    board: Callable[..., VirtualBoard], microphone: Fast, tmp_path: Path
) -> None:
    port = board("--simulate", "normal", "--speed", "8", program=microphone.program).port
    assert run(port, microphone, tmp_path / "out", "--seconds", "10") == 0
    (file,) = (tmp_path / "out").iterdir()
    assert file.suffix == ".wav"
    found = recordings.read(file, microphone.profile)
    assert 160_000 <= len(found.values) < 161_000 and found.gaps == 0
    assert found.sentence().endswith("10 s, every 6.25e-05 s")
    link = Link(port, 115200)
    assert status(link)["baud"] == "115200"  # with raw off
    assert status(link)["dropped"] == "0"
    link.close()
    # Through the firmware's code again, number by number.
    replayed = Board(microphone, "--replay", str(file), "--speed", "8")
    with replayed as again:
        link = Link(again.port, 115200)
        assert link.ask("raw on crc", lambda answer: answer.ok) is not None
        block = next(item for item, _ in link.items(10) if isinstance(item, RawBlock))
        link.close()
    numbers = array("h", block.data)
    begin = block.sequence
    assert (found.values[begin : begin + len(numbers), 0] * 32768 == numbers).all()


class Board:
    """A virtual board for a while."""

    def __init__(self, fast: Fast, *arguments: str) -> None:
        self._board = VirtualBoard(fast.program, *arguments)
        self.port = self._board.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._board.process.kill()
        self._board.process.communicate()


def test_a_board_goes_back_to_the_usual_speed_where_nobody_follows(
    board: Callable[..., VirtualBoard], one_khz: Fast
) -> None:
    link = Link(board("--simulate", "normal", "--speed", "4", program=one_khz.program).port, 115200)
    assert link.ask("baud 921600", lambda answer: answer.text == "baud 921600") is not None
    assert status(link)["baud"] == "921600"
    uptime = float(status(link)["uptime_s"])
    assert link.ask("baud 460800", lambda answer: answer.text == "baud 460800") is not None
    readings = (item for item, _ in link.items(10))
    assert len(list(itertools.islice(readings, 30))) == 30  # 3.8 s of its time
    said = status(link)
    assert (said["baud"], float(said["uptime_s"]) > uptime + 2) == ("115200", True)
    link.close()


class OldBoard:
    """A board of fast samples whose line stays as it is, or is deaf after a change of it."""

    def __init__(self, follows: bool) -> None:
        self.follows = follows
        self.commands: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        client, _ = self._server.accept()
        deaf = 0
        with client, client.makefile("rw", newline="\n") as line:
            for text in line:
                command = text.strip()
                self.commands += [command] if command else []
                deaf -= 1
                if not command or deaf >= 0:
                    continue
                line.write(f"{self._answer(command)}\r\n")
                line.flush()
                deaf = 4 if command.startswith("baud") and self.follows else 0

    def _answer(self, command: str) -> str:
        if command == "model":
            return 'OK profile=sound channels=1 channel_names="sound" period_us=62'
        if command.startswith("baud") and self.follows:
            return f"OK {command}"
        if command == "status":
            return "OK state=NORMAL baud=115200"
        return "OK raw off" if command == "raw off" else "ERR unknown command, try help"


@pytest.mark.parametrize(
    ("follows", "reason"),
    [
        (False, 'the board says "unknown command, try help"'),
        (True, "nothing was heard of the board at 921600"),
    ],
)
def test_a_line_that_stays_slow_is_told_and_left_as_it_was(
    follows: bool, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ask = Link.ask
    monkeypatch.setattr(Link, "ask", lambda *a: ask(a[0], a[1], a[2], 3, 0.3))
    file = write_profile(tmp_path, "sound")
    with OldBoard(follows) as old:
        options = ["--port", old.port, "--profile", str(file), "--out", str(tmp_path / "out")]
        assert collect.main(options) == 7
    error = capsys.readouterr().err
    assert f"The line stays at 115200 baud, because {reason}; the samples need 921600" in error
    assert "25% of them would come through" in error and error.count("\n") == 1
    assert old.commands[-1] == "raw off"
    assert not (tmp_path / "out").exists()


# ---- WAV files of others


def wav(numbers: Sequence[int], rate: int = 16000, channels: int = 1, bits: int = 16, tag: int = 1,
        between: bytes = b"") -> bytes:  # fmt: skip
    samples = array("h", numbers).tobytes()
    head = struct.pack("<HHIIHH", tag, channels, rate, 2 * rate * channels, 2 * channels, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + between
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (wav([1] * 4000, rate=44100), "has 44100 samples a second, and the profile has 16000: res"),
        (wav([1] * 4000, channels=2), "has 2 channels, and the profile has 1: export it so"),
        (wav([1] * 4000, bits=24), "has 24 bits in format 1: export it as 16-bit PCM"),
        (wav([1] * 4000, tag=3), "has 16 bits in format 3: export it as 16-bit PCM"),
        (wav([1] * 4000)[:-2], "is cut short: its head promises 8000 bytes of samples, 7998 are"),
        (wav([]), "holds no sample"),
        (wav([1])[:40], "its head is damaged: it ends before its samples"),
        (wav([1], between=b"junk\xff\xff\xff\xff"), "its head is damaged: it ends before its"),
        (b"RIFF\x04\0\0\0WAVEdata\x02\0\0\0\0\0", "its head is damaged: it does not say what its"),
        (b"RIFF\x04\0\0\0AVI LIST", "is no WAV file"),
        (wav([1], between=b"junk\0\0\0\0" * 1000), "its head is damaged: it has more than 1000"),
    ],
)  # fmt: skip
def test_training_and_the_program_refuse_the_same_with_the_same_words(
    content: bytes, reason: str, microphone: Fast, tmp_path: Path
) -> None:
    file = tmp_path / "other.wav"
    file.write_bytes(content)
    with pytest.raises(UserError, match=re.escape(reason)) as told:
        recordings.read(file, microphone.profile)
    done = subprocess.run(
        [microphone.program, "--replay", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, f"{told.value}\n")


def test_training_and_the_program_read_the_same_of_damaged_files(
    microphone: Fast, tmp_path: Path
) -> None:
    random = np.random.default_rng(3)
    good = wav(range(60), between=b"LIST\x05\0\0\0INFOx\0")
    file, read = tmp_path / "other.wav", 0
    for _ in range(150):
        spoilt = bytearray(good[: min(len(good), int(random.integers(12, 500)))])
        for _ in range(random.integers(0, 3)):
            spoilt[random.integers(4, len(spoilt))] = random.integers(0, 256)
        file.write_bytes(spoilt)
        done = subprocess.run(
            [microphone.program, "--replay", file], capture_output=True, text=True
        )
        try:
            found = len(recordings.read(file, microphone.profile).values)
        except UserError as error:
            assert (done.returncode, done.stderr) == (3, f"{error}\n")
        else:
            assert f"Summary: {found} samples" in done.stdout
            read += 1
    assert read > 10


def test_sound_is_for_a_microphone(one_khz: Fast, tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(wav([1] * 100))
    reason = "a WAV file is a recording of a microphone, and the profile's sensor is none"
    with pytest.raises(UserError, match=reason):
        recordings.read(file, one_khz.profile)
    done = subprocess.run(
        [one_khz.program, "--replay", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, f"{file}: {reason}\n")


def test_sound_that_the_chip_would_not_believe_is_left_out(tmp_path: Path) -> None:
    path = write_profile(tmp_path, "sound")
    text = path.read_text("utf-8").replace("[-1.0, 1.0]", "[-0.5, 0.5]")
    text = re.sub("stuck_seconds = .*", "stuck_seconds = 0.001", text)
    path.write_text(text, "utf-8")
    numbers = quiet(4000, 1)[:, 0]
    numbers[1000] = 20000
    numbers[2000:2020] = 7
    file = tmp_path / "a.wav"
    file.write_bytes(wav(numbers.tolist()))
    found = recordings.read(file, profiles.load(path))
    assert found.left_out == {"out of range": 1, "stuck at one value": 5}
    assert [len(piece) for piece in found.pieces] == [1000, 1014, 1980]
    assert found.malformed[0].line == 1001
    with pytest.raises(UserError, match="leave --interval away"):
        recordings.read(file, profiles.load(path), Wishes(interval_s=1.0))


def test_recordings_of_sound_count_as_the_profiles_own(tmp_path: Path) -> None:
    profile = sound(tmp_path)
    object.__setattr__(profile, "home", tmp_path)
    (tmp_path / "a.wav").write_bytes(wav(quiet(100_000, 1)[:, 0].tolist()))
    (tmp_path / "b.partial.wav").write_bytes(b"")
    assert [file.name for file in fingerprint.recordings(profile)] == ["a.wav"]
    dataset = data.own(profile)
    assert dataset.record["files"][0]["rows"] == 100_000
    assert "waves" in fingerprint.sources(profile, dataset.identity)
    assert waves.is_wave(tmp_path / "a.wav") and not waves.is_wave(tmp_path / "gone.wav")
