"""Profiles: what ships, and what a user is told about a mistake."""

import dataclasses
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from project import profile as profiles
from project.errors import UserError
from project.paths import PROFILES, PROJECT
from project.profile import describe
from project.profile.inputs import Linear
from project.profile.reader import Table

LESSON = profiles.find("lesson").read_text(encoding="utf-8")


def load(folder: Path, text: str) -> profiles.Profile:
    path = folder / "probe.toml"
    path.write_text(text, encoding="utf-8")
    return profiles.load(path)


def test_lesson_is_exactly_the_tutorial() -> None:
    lesson = profiles.load(profiles.find("lesson"))
    assert lesson.feature_names == ("temperature.value",)
    assert (lesson.scaling.low, lesson.scaling.high, lesson.scaling.clip) == (10, 40, (0, 1))
    assert (lesson.network.layers, lesson.network.activations) == ((8,), ("relu",))
    assert lesson.network.output_activation == "sigmoid"
    assert not lesson.network.quantize
    assert (lesson.detector.score, lesson.detector.threshold) == ("absolute", 0.15)
    assert lesson.sampling.rate_hz == 2
    assert lesson.sensor.input == Linear(gain=10, offset=20)
    data = lesson.data.synthetic
    assert data is not None
    assert (data.rows, data.mean, data.sd, data.low, data.high) == (1000, 25, 2, 15, 35)


def test_temperature_is_the_default_with_a_bottleneck_and_a_calibrated_threshold() -> None:
    temperature = profiles.load(profiles.find("temperature"))
    assert temperature.has_network
    assert min(temperature.network.layers) < temperature.feature_count
    assert temperature.detector.threshold == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rate_hz = 2.0", "rate_hx = 2.0", "[sampling] rate_hz: is missing (is rate_hx meant?)"),
        (
            "rate_hz = 2.0",
            "rate_hz = 2.0\nrate = 1",
            "[sampling] rate: unknown key (did you mean rate_hz?)",
        ),
        ("rate_hz = 2.0", 'rate_hz = "2"', "[sampling] rate_hz: must be a number, not a string"),
        ("rate_hz = 2.0", "rate_hz = 0", "[sampling] rate_hz: 0 is not within 0.00025 to 48000"),
        ("rate_hz = 2.0", "rate_hz = nan", "[sampling] rate_hz: must be a finite number, not nan"),
        ("rate_hz = 2.0", "rate_hz = true", "[sampling] rate_hz: must be a number"),
        ("[sampling]", "[sampling.x]", "[sampling] rate_hz: is missing"),
        ("low = 10.0", "low = 50.0", "[scaling] low: 50 is not below high 40"),
        ("layers = [8]", "layers = [8, 0]", "[network] layers: must be whole numbers"),
        ("layers = [8]", "layers = [65]", "[network] layers: 65 units are more than 64"),
        ("layers = [8]", "layers = [8, 8]", "[network] activations: are 1 for 2 hidden layers"),
        ('["relu"]', '["gelu"]', '[network] activations: "gelu" is not one of linear, relu'),
        (
            'use = ["value"]',
            'use = [{ kind = "jump_energy", tau = 4 }]',
            "the first feature must be value or smooth or",
        ),
        ('use = ["value"]', "use = []", "[features] use: gives 0 features, must be 1 to 20"),
        ('use = ["value"]', 'use = ["value", "speed"]', '"speed" is not one of value'),
        ('use = ["value"]', 'use = ["value", "value"]', "names the same feature twice"),
        (
            'use = ["value"]',
            'use = ["value", {kind = "level"}]',
            "[features.use] tau: is missing",
        ),
        ("threshold = 0.15", "", "[detector] threshold: is missing (or a table"),
        ("threshold = 0.15", "threshold = 0", "[detector] threshold: must be above 0"),
        (
            "threshold = 0.15",
            "threshold = 0.1\nalarm_count = 2",
            "[detector] alarm_count: 2 scores do not fit into alarm_seconds, 1 do",
        ),
        (
            "threshold = 0.15",
            "threshold = 0.1\nalarm_seconds = 17",
            "[detector] alarm_seconds: 34 frames are more than 32",
        ),
        (
            "threshold = 0.15",
            "threshold = 0.1\nwarmup_seconds = 40000",
            "[detector] warmup_seconds: is longer than 65535 frames",
        ),
        ("oversampling = 16", "oversampling = 1.5", "[sensor] oversampling: must be a whole"),
        (
            "rate_hz = 2.0",
            "rate_hz = 1000",
            "[sensor] oversampling: 16 conversions of 1 channel take 80 % of the time between two "
            "samples, 50 % can be spared: take 10 or less, or a lower rate_hz",
        ),
        ('["temperature"]', "[]", "[sensor] channels: must be 1 to 8 different names"),
        ('["temperature"]', '["a|b"]', '[sensor] channels: "a|b" is empty, too long or holds'),
        ('["temperature"]', '["State"]', '"State" is the name of a field of a reading'),
        ('["temperature"]', '["a "]', '[sensor] channels: "a " begins or ends with a space'),
        ('unit = "C"', 'units = ["C", "A"]', "[sensor] units: are 2 for 1 channels"),
        ('unit = "C"', 'unit = "C"\nunits = ["C"]', "[sensor] units: says it for each channel"),
        ('unit = "C"', "units = [1]", "[sensor] units: must be at most 8 printable ASCII letters"),
        ('unit = "C"', 'unit = "l,min"', '[sensor] unit: "l,min" is longer than 8 letters or'),
        ("gain = 10.0 ", "gain = 0 ", "[sensor] gain: must not be 0"),
        ("gain = 10.0 ", "gain = [1.0, 2.0] ", "[sensor] gain: are 2 for 1 channels"),
        (
            "valid = [-40.0, 125.0]",
            "valid = [[0, 1], [0, 2]]",
            "[sensor] valid: are 2 for 1 channels",
        ),
        ("valid = [-40.0, 125.0]", "valid = [[2, 1]]", "[sensor] valid: low 2 is not below high 1"),
        ("valid = [-40.0, 125.0]", "valid = [1, 1]", "[sensor] valid: low 1 is not below high 1"),
        ("stuck_seconds = 0 ", "stuck_seconds = 0.1 ", "stuck_seconds: is less than two samples"),
        ('description = "', 'wheels = 4\ndescription = "', "wheels: unknown key"),
        ("rows = 1000", "rows = -1", "[data.synthetic] rows: -1 is not within"),
        ("[scaling]", "[scaling", "not valid TOML"),
    ],
)
def test_a_mistake_names_file_table_key_and_reason(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in LESSON
    with pytest.raises(UserError) as caught:
        load(tmp_path, LESSON.replace(old, new, 1))
    assert "probe.toml: " in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_profile_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match="did you mean temperature"):
        profiles.find("temprature")


def test_comments_layout_and_description_do_not_change_the_meaning(tmp_path: Path) -> None:
    plain = load(tmp_path, LESSON)
    changed = load(
        tmp_path,
        LESSON.replace("gain = 10.0 ", "gain=10").replace("The tutorial:", "Another text:") + "# x",
    )
    assert plain.canonical() == changed.canonical()


def test_each_channel_may_have_its_own_unit(tmp_path: Path) -> None:
    two = LESSON.replace('["temperature"]', '["Motor current [A]", "flow"]')
    text = two.replace('unit = "C"', 'units = ["A", "l/min"]')
    profile = load(tmp_path, text)
    assert profile.sensor.units == ("A", "l/min")
    assert profile.value_labels == ("Motor current [A]", "flow, l/min")
    # Whether one unit is said once or for each is the same.
    said_twice = load(tmp_path, two.replace('unit = "C"', 'units = ["C", "C"]'))
    assert said_twice.canonical() == load(tmp_path, two).canonical()
    assert said_twice.canonical() != load(tmp_path, text).canonical()


def test_each_channel_may_have_its_own_transfer_and_range(tmp_path: Path) -> None:
    two = LESSON.replace('["temperature"]', '["temperature", "pressure"]')
    text = two.replace("gain = 10.0 ", "gain = [10.0, 2.0] ").replace("offset = 20.0", "offset = 0")
    text = text.replace("valid = [-40.0, 125.0]", "valid = [[-40.0, 125.0], [0.5, 6.0]]")
    sensor = load(tmp_path, text).sensor
    assert [sensor.visible(c) for c in (0, 1)] == [(0.0, 33.0), (0.5, 6.0)]
    assert [sensor.input.step(c) for c in (0, 1)] == [33 / 4095, pytest.approx(6.6 / 4095)]
    members = [sensor.channel_members(c) for c in (0, 1)]
    assert [m["valid_low"] for m in members] == ["-40.0f", "0.5f"]
    assert re.findall(r"\.gain = (\S+),", sensor.input.tables(2)) == ["10.0f", "2.0f"]


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_as_many_ranges_as_channels_are_believed(tmp_path: Path, channels: int) -> None:
    names = ", ".join(f'"c{i}"' for i in range(channels))
    ranges = [[-1.0 - i, 1.0 + i] for i in range(channels)]
    text = LESSON.replace('["temperature"]', f"[{names}]")
    sensor = load(tmp_path, text.replace("[-40.0, 125.0]", str(ranges))).sensor
    assert [list(sensor.believed(channel)) for channel in range(channels)] == ranges


def test_seconds_are_counted_in_frames(tmp_path: Path) -> None:
    keys = "threshold = 0.1\nwarmup_seconds = 12\nclear_seconds = 3\nalarm_seconds = 1.5"
    profile = load(tmp_path, LESSON.replace("threshold = 0.15", keys))
    assert (profile.warmup_frames, profile.clear_frames, profile.alarm_frames) == (24, 6, 3)
    plain = load(tmp_path, LESSON)
    assert (plain.warmup_frames, plain.clear_frames, plain.alarm_frames) == (0, 1, 1)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ('samples = 8\nhop = 9\nvalues = ["rms"]', "[frame] hop: 9 leaves samples out, 8 at most"),
        ('samples = 1\nhop = 1\nvalues = ["rms"]', "[frame] samples: 1 is not within 2 to 65536"),
        ('samples = 8\nhop = 4\nvalues = ["loudness"]', '"loudness" is not one of mean, minimum'),
        ('samples = 8\nhop = 4\nvalues = ["rms", "rms"]', "values: names the same value twice"),
        ("samples = 8\nhop = 4\nvalues = []", "gives 0 values, must be 1 to 20"),
        (
            'samples = 8\nhop = 4\nvalues = [{kind = "rms", channel = "z"}]',
            '[frame.values] channel: "z" is not one of *, temperature',
        ),
        (
            'samples = 8\nhop = 4\nvalues = ["rms"]\n[data.stretch]\nslope = 1.0',
            "[data] stretch: a virtual recording has one channel and no frames",
        ),
    ],
)
def test_a_frame_that_cannot_be_is_refused(tmp_path: Path, frame: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path, f"{LESSON}\n[frame]\n{frame}\n")
    assert message in str(caught.value)


def test_a_value_of_a_frame_has_a_name_that_fits_a_line(tmp_path: Path) -> None:
    frame = '[frame]\nsamples = 8\nhop = 4\nvalues = ["zero_crossing_rate"]\n'
    text = f"{LESSON}\n{frame}"
    assert load(tmp_path, text).value_names == ("temperature.zero_crossing_rate",)
    assert load(tmp_path, text).value_units == ("Hz",)
    with pytest.raises(UserError, match="is longer than 32 letters: a shorter channel"):
        load(tmp_path, text.replace('["temperature"]', '["temperatures in"]'))


def test_any_number_changes_the_meaning(tmp_path: Path) -> None:
    plain = load(tmp_path, LESSON)
    changed = load(tmp_path, LESSON.replace("threshold = 0.15", "threshold = 0.16"))
    assert plain.canonical() != changed.canonical()


def test_a_feature_without_a_channel_is_meant_for_each(tmp_path: Path) -> None:
    text = LESSON.replace('channels = ["temperature"]', 'channels = ["a", "b"]')
    use = '["value", {kind = "jump", channel = "b"}, {kind = "level", tau = 16}]'
    text = text.replace('use = ["value"]', f"use = {use}")
    text = text.replace('kind = "range" ', 'kind = "standard" ')
    profile = load(tmp_path, text.replace("low = 10.0\nhigh = 40.0\n", ""))
    names = ("a.value", "b.value", "b.jump", "a.level(16)", "b.level(16)")
    assert profile.feature_names == names


def test_what_the_adc_can_just_do_is_taken(tmp_path: Path) -> None:
    """A conversion counts 50 us: 8 channels of 16 at 78.125 Hz are half of the time."""
    channels = ", ".join(f'"c{i}"' for i in range(8))
    eight = LESSON.replace('["temperature"]', f"[{channels}]")
    load(tmp_path, eight.replace("rate_hz = 2.0", "rate_hz = 78.125"))
    with pytest.raises(UserError, match=r"of 8 channels take 51 % .* take 15 or less"):
        load(tmp_path, eight.replace("rate_hz = 2.0", "rate_hz = 80"))


# --- the keys themselves

EXAMPLES = [*sorted(PROFILES.glob("*.toml")), *sorted((PROJECT / "examples").glob("*.toml"))]

# A default that changes changes what every profile without its key means: then profiles.FORMAT goes
# up by one, here too. A key that is added with its default changes nothing.
DEFAULTS = (
    1,
    {
        "": {"description": ""},
        "sensor": {"stuck_seconds": 0.0},
        'sensor, kind = "linear"': {
            "adc_bits": 12,
            "full_scale_volts": 3.3,
            "oversampling": 16,
            "offset": 0.0,
        },
        'sensor, kind = "thermistor"': {
            "adc_bits": 12,
            "full_scale_volts": 3.3,
            "oversampling": 16,
            "t0_celsius": 25.0,
            "to": "ground",
        },
        'sensor, kind = "adc_continuous"': {
            "adc_bits": 12,
            "full_scale_volts": 3.3,
            "oversampling": 2,
            "offset": 0.0,
        },
        'sensor, kind = "mpu6050"': {"range_g": 8, "address": 0x68},
        'sensor, kind = "inmp441"': {"slot": "left"},
        "frame.values": {"channel": "*", "take": ""},
        "frame.windows": {"mel_bands": 8, "mel_hz": (60.0, 8000.0)},
        "features.use": {"channel": "*"},
        "features": {"noise": "recording"},
        "features.adaptation": {"limit": 1.0},
        'scaling, kind = "standard"': {
            "clip": (-16.0, 16.0),
            "squash": 0.0,
            "sd_floor": 1e-6,
            "drift_rows": 0.0,
            "whiten": False,
            "whiten_clip": 16.0,
            "whiten_shrink": 0.05,
            "whiten_floor": 0.03,
        },
        "network": {
            "output_bias": True,
            "quantize": False,
            "steps": 1000,
            "batch": 32,
            "learning_rate": 1e-3,
            "decay": "none",
            "noise": 0.0,
            "replace": 0.0,
            "replace_range": 8.0,
            "seed": 1,
        },
        "detector": {
            "kind": "autoencoder",
            "score": "absolute",
            "clip_output": False,
            "residual_shrink": 0.05,
            "residual_floor": 1e-4,
            "chart_tau": 0.0,
            "alarm_count": 1,
            "alarm_seconds": 0.0,
            "clear_seconds": 0.0,
            "clear_ratio": 1.0,
            "warmup_seconds": 0.0,
        },
        'detector.calibration, kind = "quantile"': {"quantile": 0.999, "margin": 1.5},
        "detector.learning": {"false_alarms_per_day": 0.2, "lively": False},
        "slow": {
            "span": 0.0,
            "limits": None,
            "false_alarms_per_day": 0.01,
            "learn_days": 7,
            "fastest_minutes": 0.0,
        },
        "data.synthetic": {"low": -math.inf, "high": math.inf, "seed": 1},
        'data.synthetic, kind = "sensor"': {
            "daily": 0.0,
            "ripple": 0.0,
            "ripple_seconds": 600.0,
            "walk": 0.0,
        },
        'data.synthetic, kind = "machine"': {
            "tones": (),
            "resonators": (),
            "wander_seconds": 20.0,
            "speed_wander": 0.0,
            "bouts": (),
            "bout_seconds": 10.0,
        },
        "data.synthetic.tones": {"wander": 0.0, "turns": True, "during": ""},
        "data.synthetic.resonators": {"wander": 0.0, "turns": True, "during": ""},
    },
)


def defaults() -> dict[str, dict[str, Any]]:
    found = {
        table: {name: default for name, _, default in own if default is not dataclasses.MISSING}
        for table, own in describe.entries().items()
    }
    return {table: own for table, own in found.items() if own}


def test_a_default_changes_only_together_with_the_format() -> None:
    assert (profiles.FORMAT, defaults()) == DEFAULTS


def test_a_default_that_is_written_down_changes_nothing(tmp_path: Path) -> None:
    for path in EXAMPLES:
        document = tomllib.loads(path.read_text("utf-8"))
        plain = profiles.load(path)
        written = path.read_text("utf-8")
        for name, own in defaults().items():
            table, _, kind = name.partition(", ")
            content: Any = document
            for part in table.split(".") if table else ():
                content = content.get(part, {})
            if not table or not isinstance(content, dict) or f"[{table}]" not in written:
                continue
            if kind and f'kind = "{content.get("kind")}"' != kind:
                continue
            lines = [
                f"{key} = {json.dumps(value)}"
                for key, value in own.items()
                if key not in content and value not in (math.inf, -math.inf, None)
            ]
            written = written.replace(f"[{table}]", "\n".join([f"[{table}]", *lines]))
        assert written != path.read_text("utf-8")
        (tmp_path / path.name).write_text(written, "utf-8")
        assert profiles.load(tmp_path / path.name).canonical() == plain.canonical()


def test_the_page_has_every_key_as_the_reader_has_it(project: Path) -> None:
    page = (project / "docs" / "writing-a-profile.md").read_text("utf-8")
    assert page.endswith(describe.section()), (
        "run ./piow python -m project.profile.describe docs/writing-a-profile.md"
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_whatever_the_reader_asks_for_is_a_key_of_the_page(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[tuple[str, str]] = set()
    take = Table.take

    def listening(table: Table, key: str, default: Any = None) -> Any:
        asked.add((table.name, key))
        return take(table, key, default)

    monkeypatch.setattr(Table, "take", listening)
    profiles.load(path)
    known = {("sensor", "unit")}  # beside `units`
    for name, own in describe.entries().items():
        table = name.partition(",")[0]
        known |= {(table, key) for key, *_ in own}
        above, _, last = table.rpartition(".")
        known |= {(above, last), ("", above)}
    assert asked <= known
