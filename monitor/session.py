"""What happened in a monitor session: counts and episodes, in bounded memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from monitor.telemetry import (
    AnomalyMarker,
    Fault,
    Item,
    Notice,
    Reading,
    Selftest,
    Startup,
    State,
    Unknown,
)

MAX_EPISODES = 1000  # kept; later ones are only counted

_injection = re.compile(
    r"Summary: injected (.+), t=([0-9.]+)\.\.([0-9.]+) s: (found|missed|hidden)(.*)"
).fullmatch
_false_alarms = re.compile(r"Summary: alarms without an injection ([0-9]{1,9})").fullmatch


@dataclass(slots=True)
class Episode:
    """A stretch of ANOMALY or FAULT; times in seconds since the session began."""

    start: float
    end: float
    clock: str = ""  # the time of day at its start, as shown
    peak: float = 0.0
    reason: str = ""
    readings: int = 0

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Injected:
    """What a simulation did to the sensor, in seconds, and what came of it."""

    name: str
    start: float
    end: float
    found: bool
    outcome: str  # "found after 0.5 s, ANOMALY", "missed" or "hidden by the alarm before it"


@dataclass(slots=True)
class Session:
    duration: float = 0.0
    readings: int = 0
    lines: int = 0
    unknown: int = 0
    starts: int = 0
    selftests_failed: int = 0
    anomaly_count: int = 0
    fault_count: int = 0
    anomalies: list[Episode] = field(default_factory=list)
    faults: list[Episode] = field(default_factory=list)
    injected: list[Injected] = field(default_factory=list)
    false_alarms: int = 0  # of a simulation
    open_anomaly: Episode | None = None
    open_fault: Episode | None = None
    _last_score: float = 0.0
    _marked: bool = False  # the last reading was followed by the anomaly marker

    def note(self, item: Item, now: float, clock: str = "") -> Episode | None:
        """Count one line that came at `now`; returns the anomaly that it ended, if it did."""
        self.lines += 1
        self.duration = now
        kind = type(item)
        if kind is Reading:
            assert isinstance(item, Reading)
            self.readings += 1
            self._last_score = item.score
            if self.open_fault is not None:
                self._close_fault(now)
            state = item.state
            if state is State.ANOMALY:
                self._anomalous(item.score, now, clock, item.fields.get("Cause", ""))
                return None
            if self.open_anomaly is None or (state is None and self._marked):
                self._marked = False
                return None
            return self._close_anomaly(now)
        if isinstance(item, AnomalyMarker):
            # Firmware that sends no State says it by this line alone.
            if self.open_anomaly is None:
                self._anomalous(self._last_score, now, clock, "")
            elif not self._marked:
                self.open_anomaly.peak = max(self.open_anomaly.peak, self._last_score)
                self.open_anomaly.end = now
            self._marked = True
        elif isinstance(item, Fault):
            if self.open_fault is None:
                self.fault_count += 1
                self.open_fault = Episode(now, now, clock, reason=item.reason)
                _keep(self.faults, self.open_fault)
            self.open_fault.end = now
            self.open_fault.readings += 1
            if self.open_anomaly is not None:
                return self._close_anomaly(now)
        elif isinstance(item, Startup):
            self.starts += item.phase == "begin"
        elif isinstance(item, Selftest):
            self.selftests_failed += not item.ok
        elif isinstance(item, Unknown):
            self.unknown += bool(item.text.strip())
        elif isinstance(item, Notice) and item.kind == "summary":
            self._note_summary(item.text)
        return None

    @staticmethod
    def is_injection(item: Item) -> bool:
        """Whether the line is one of those that the host program sums a simulation up with."""
        return isinstance(item, Notice) and bool(_injection(item.text) or _false_alarms(item.text))

    def _note_summary(self, text: str) -> None:
        if (event := _injection(text)) and len(self.injected) < MAX_EPISODES:
            name, start, end, verdict, more = event.groups()
            found = verdict == "found"
            self.injected.append(Injected(name, float(start), float(end), found, verdict + more))
        elif count := _false_alarms(text):
            self.false_alarms = int(count[1])

    def _anomalous(self, score: float, now: float, clock: str, reason: str) -> None:
        episode = self.open_anomaly
        if episode is None:
            self.anomaly_count += 1
            episode = self.open_anomaly = Episode(now, now, clock, reason=reason)
            _keep(self.anomalies, episode)
        episode.end = now
        episode.readings += 1
        episode.peak = max(episode.peak, score)

    def _close_anomaly(self, now: float) -> Episode | None:
        episode, self.open_anomaly, self._marked = self.open_anomaly, None, False
        if episode is not None:
            episode.end = now
        return episode

    def _close_fault(self, now: float) -> None:
        if self.open_fault is not None:
            self.open_fault.end = now
            self.open_fault = None


def _keep(episodes: list[Episode], episode: Episode) -> None:
    if len(episodes) < MAX_EPISODES:
        episodes.append(episode)


def format_seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"
