"""[slow]: what takes from minutes to weeks, watched beside what happens at once."""

from dataclasses import dataclass
from typing import Annotated

from project.profile.keys import EachChannel, Integer, Interval, Number, read
from project.profile.reader import Table

Range = tuple[float, float]


@dataclass(frozen=True)
class Slow:
    """Without this table there are no slow charts."""

    span: Annotated[
        float | tuple[float, ...],
        EachChannel(
            "the largest distance of two levels that are both normal; 0: not known, and only "
            "what was learnt for `learn_days` alarms",
            "unit",
            one=Number("", low=0),
        ),
    ] = 0.0
    limits: Annotated[
        Range | tuple[Range, ...] | None,
        EachChannel("instead of the span: no normal level is outside", "unit", one=Interval("")),
    ] = None
    false_alarms_per_day: Annotated[
        float, Number("of all slow charts of a value together", "a day", above=0, high=10)
    ] = 0.01
    learn_days: Annotated[
        int,
        Integer(
            "of running time until what was learnt judges; a week has a weekend", low=2, high=60
        ),
    ] = 7

    fastest_minutes: Annotated[
        float,
        Number(
            "no chart that averages over less is used: six readings, where they come seldom",
            "min",
            low=0,
            high=1440,
        ),
    ] = 0.0

    def span_of(self, value: int) -> float:
        """The span of a value of a frame, 0 where none is stated."""
        return self.span[value] if isinstance(self.span, tuple) else self.span

    def limits_of(self, value: int) -> Range | None:
        """The limits of a value of a frame, where they are stated."""
        if self.limits is None:
            return None
        return self.limits[value] if isinstance(self.limits[0], tuple) else self.limits


def read_slow(table: Table, values: int) -> Slow:
    """Raises UserError where the table says no slow charts of so many values of a frame."""
    if table.has("span") and table.has("limits"):
        raise table.error("limits", "stand instead of the span: leave one of them out")
    slow = read(Slow, table) if table.has("limits") else read(Slow, table, limits=None)
    table.finish()
    if isinstance(slow.span, tuple) and len(slow.span) != values:
        raise table.error("span", f"are {len(slow.span)} for {values} values")
    if slow.limits and isinstance(slow.limits[0], tuple) and len(slow.limits) != values:
        raise table.error("limits", f"are {len(slow.limits)} for {values} values")
    return slow
