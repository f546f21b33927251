"""The table at the end of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from monitor.session import Episode, Session, format_seconds

MAX_ROWS = 20  # episodes listed; of more, the longest are


def summarize(session: Session, stream: TextIO, columns: int | None = None) -> None:
    """Write what happened; with `rich` as a table, at most `columns` wide."""
    if not session.lines:
        return
    facts = summary_facts(session)
    rows, omitted = episode_rows(session)
    injected = injected_rows(session)
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        _write_plain(facts, rows, omitted, injected, stream)
        return
    console = Console(file=stream, width=columns)
    table = Table(title="Session", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for name, value, style in facts:
        table.add_row(name, value, style=style)
    console.print()
    console.print(table)
    if rows:
        episodes = Table(title="Episodes", title_justify="left")
        for name in EPISODE_COLUMNS:
            number = name in ("length", "peak score")
            episodes.add_column(
                name, justify="right" if number else "left", no_wrap=name != "reason"
            )
        for row in rows:
            episodes.add_row(*row, style="red" if row[0] == "ANOMALY" else "yellow")
        console.print(episodes)
        if omitted:
            console.print(f"{omitted} shorter episodes are not listed.")
    if injected:
        outcomes = Table(title="Injected", title_justify="left")
        for name in INJECTED_COLUMNS:
            outcomes.add_column(name, no_wrap=name in ("start", "end"))
        for row in injected:
            outcomes.add_row(*row, style="red" if row[-1] == MISSED else "")
        console.print(outcomes)


INJECTED_COLUMNS = ("what", "start", "end", "outcome")
MISSED = "missed"
EPISODE_COLUMNS = ("kind", "start", "length", "peak score", "reason")


def summary_facts(session: Session) -> list[tuple[str, str, str]]:
    """Name, value and style of each line of the summary."""
    facts = [
        ("duration", format_seconds(session.duration), ""),
        ("readings", str(session.readings), ""),
        ("anomalies", str(session.anomaly_count), "bold red" if session.anomaly_count else "green"),
        ("faults", str(session.fault_count), "bold yellow" if session.fault_count else "green"),
    ]
    if session.injected:
        found, count = sum(event.found for event in session.injected), len(session.injected)
        facts.append(
            ("injected, found", f"{found} of {count}", "green" if found == count else "red")
        )
        style = "red" if session.false_alarms else "green"
        facts.append(("false alarms", str(session.false_alarms), style))
    if session.starts:
        facts.append(("starts of the board", str(session.starts), ""))
    if session.selftests_failed:
        facts.append(("self-tests failed", str(session.selftests_failed), "bold red"))
    facts.append(("lines not understood", str(session.unknown), "dim" if session.unknown else ""))
    return facts


def episode_rows(session: Session) -> tuple[list[tuple[str, ...]], int]:
    """A row an episode in order of time, and how many shorter ones were left out."""
    episodes = [("ANOMALY", e) for e in session.anomalies] + [("FAULT", e) for e in session.faults]
    listed = sorted(episodes, key=lambda pair: -pair[1].length)[:MAX_ROWS]
    listed.sort(key=lambda pair: pair[1].start)
    omitted = session.anomaly_count + session.fault_count - len(listed)
    return [_row(kind, episode) for kind, episode in listed], omitted


def injected_rows(session: Session) -> list[tuple[str, ...]]:
    """A row for each disturbance that the simulation tells of: what, start, end, outcome."""
    return [
        (event.name, f"{event.start:.1f} s", f"{event.end:.1f} s", event.outcome)
        for event in session.injected[:MAX_ROWS]
    ]


def _row(kind: str, episode: Episode) -> tuple[str, ...]:
    return (
        kind,
        episode.clock.strip(),
        format_seconds(episode.length),
        f"{episode.peak:.4f}" if kind == "ANOMALY" else "",
        episode.reason,
    )


def _write_plain(
    facts: Sequence[tuple[str, str, str]],
    rows: Sequence[tuple[str, ...]],
    omitted: int,
    injected: Sequence[tuple[str, ...]],
    stream: TextIO,
) -> None:
    lines = ["", "Session"] + [f"  {name:<22}{value}" for name, value, _ in facts]
    if rows:
        lines += ["Episodes", "  " + _columns(EPISODE_COLUMNS)]
        lines += ["  " + _columns(row) for row in rows]
    if omitted:
        lines.append(f"  {omitted} shorter episodes are not listed.")
    if injected:
        lines += ["Injected"]
        for what, start, end, outcome in (INJECTED_COLUMNS, *injected):
            lines.append(f"  {what:<28}{start:>9}{end:>9}  {outcome}")
    stream.write("\n".join(lines) + "\n")
    stream.flush()


def _columns(cells: Sequence[str]) -> str:
    kind, start, length, peak, reason = cells
    return f"{kind:<8}{start:<14}{length:>10}  {peak:>10}  {reason}".rstrip()
