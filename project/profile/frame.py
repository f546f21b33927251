"""[frame]: how samples are gathered, and what a stretch of them comes to."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from project.profile import limits
from project.profile.catalogue import FRAME_CATALOGUE
from project.profile.keys import Choice, Integer, Key, Kinds, kind_of_channels, read
from project.profile.reader import Table


@dataclass(frozen=True)
class FrameValue:
    """What a frame says of one channel."""

    kind: str
    channel: int


VALUES: Final = Kinds(
    "what a frame comes to: a kind, or a table of [frame.values]",
    noun="value",
    most=limits.MAX_VALUES,
)
VALUES_KIND: Final = Choice("what is computed", among=tuple(FRAME_CATALOGUE))
VALUES_CHANNEL: Final = Key('of which channel, by its name; "*": of each')


@dataclass(frozen=True)
class Frame:
    """Without this table a frame is a sample, and its values are the channels."""

    samples: Annotated[
        int, Integer("length of a frame", "samples", low=2, high=limits.MAX_FRAME_SAMPLES)
    ]
    hop: Annotated[
        int,
        Integer("from one frame to the next", "samples", low=1, high=limits.MAX_FRAME_SAMPLES),
    ]
    values: Annotated[tuple[FrameValue, ...], VALUES]

    def names(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        """What its values are called: `x.rms`."""
        return tuple(f"{channels[value.channel]}.{value.kind}" for value in self.values)

    def units(self, units: tuple[str, ...]) -> tuple[str, ...]:
        """Their units, from those of the channels."""
        return tuple(
            FRAME_CATALOGUE[value.kind].unit_of(units[value.channel]) for value in self.values
        )


def read_frame(table: Table, channels: tuple[str, ...]) -> Frame:
    """Raises UserError where the table does not say frames of these channels."""
    values = tuple(v for entry in table.array("values") for v in _of(table, entry, channels))
    VALUES.check(table, "values", values)
    frame = read(Frame, table, values=values)
    table.finish()
    if frame.hop > frame.samples:
        raise table.error("hop", f"{frame.hop} leaves samples out, {frame.samples} at most")
    for name in frame.names(channels):
        if len(name) > limits.MAX_CHANNEL_NAME:
            most = limits.MAX_CHANNEL_NAME
            raise table.error(
                "values", f'"{name}" is longer than {most} letters: a shorter channel'
            )
    return frame


def _of(table: Table, entry: Any, channels: tuple[str, ...]) -> list[FrameValue]:
    """One entry of `values`."""
    inner, kind, chosen = kind_of_channels(table, "values", entry, VALUES_KIND, channels)
    inner.finish()
    return [FrameValue(kind, c) for c in chosen]
