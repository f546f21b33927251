"""Results of the benchmarks as text, or as Markdown for docs/results.md."""

from collections.abc import Callable, Sequence
from typing import Any

Rows = Sequence[Sequence[str]]
Style = Callable[[Rows], str]


def synthetic(detectors: dict[str, Any], style: Style) -> str:
    """A summary, then recall and latency by kind and size."""
    head = ["", "recall", "false alarms a day (95 %)", "worst device", "in alarm", "bytes", "days"]
    found = list(detectors.values())
    rows = [
        [
            name,
            f"{d['recall']:.3f}",
            f"{d['false_alarms_per_day']:.2f} ({d['false_alarms_ci'][0]:.2f} to "
            f"{d['false_alarms_ci'][1]:.2f})",
            f"{d['false_alarms_worst_device']:.1f}",
            f"{100 * d['alarm_share']:.1f} %",
            f"{d['bytes']}",
            f"{d['device_days']:.1f}",
        ]
        for name, d in detectors.items()
    ]
    parts = [style([head, *rows])]
    cells = [(kind, size) for kind, sizes in _any(detectors)["kinds"].items() for size in sizes]
    for title, key, form in (
        ("recall", "recall", ".2f"),
        ("median latency, s", "latency_s", ".1f"),
    ):
        body = [
            [f"{kind} {size}", *(_number(d["kinds"][kind][size][key], form) for d in found)]
            for kind, size in cells
        ]
        parts.append(style([[title, *detectors], *body]))
    return "\n\n".join(parts)


def slow(result: dict[str, Any], style: Style) -> str:
    """What was run; slow events by training and day, and by kind of life; then at 2 Hz."""
    settings, grid, fast = result["settings"], result["slow"], result["fast"]
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    parts = [f"Settings: {said}."]
    for name, found in grid["detectors"].items():
        columns = list(found["recall"])
        rows = [
            [event, *(_cell(cells, column) for column in columns)]
            for event, cells in found["events"].items()
        ]
        rows.append(["mean", *(_number(found["recall"][column], ".2f") for column in columns)])
        chance = found["chance"]
        windows = list(next(iter(chance.values()), {}))
        rows += [
            [
                f"by chance, {window} days",
                *(_number(chance.get(column, {}).get(window), ".2f") for column in columns),
            ]
            for window in windows
        ]
        parts.append(style([[f"recall, {name}", *columns], *rows]))
    parts.append(style(_slow_alarms(grid)))
    kinds = list(dict.fromkeys(kind for by_kind in grid["kinds"].values() for kind in by_kind))
    rows = [
        [event, *(_with_latency(by_kind.get(kind)) for kind in kinds)]
        for event, by_kind in grid["kinds"].items()
    ]
    parts.append(style([["recall (median latency), slow", *kinds], *rows]))
    return "\n\n".join([*parts, *_at_2_hz(result, fast, style)])


def _slow_alarms(grid: dict[str, Any]) -> list[list[str]]:
    """False alarms of each detector after each training, then with a start of the board a day."""
    rows = [
        (f"{name}, {training}", alarms)
        for name, found in grid["detectors"].items()
        for training, alarms in found["alarms"].items()
    ]
    rows += [(f"slow, {name}, a reboot a day", alarms) for name, alarms in grid["reboots"].items()]
    kinds = list(rows[0][1]["kinds"])
    head = ["", "false alarms a day (95 %)", "in alarm", "days", *kinds]
    return [
        head,
        *(
            [
                name,
                _rate(alarms),
                f"{100 * alarms['alarm_share']:.1f} %",
                f"{alarms['days']:.0f}",
                *(str(alarms["kinds"][kind]) for kind in kinds),
            ]
            for name, alarms in rows
        ),
    ]


def _at_2_hz(result: dict[str, Any], fast: dict[str, Any], style: Style) -> list[str]:
    """False alarms and recall of the program by kind of life, then recall by event."""
    later = result["false_alarms_per_day"]["lives"]
    days = list(fast["recall"])
    head = ["at 2 Hz", "false alarms, first day", "a day after it"]
    rows = [
        [
            kind,
            f"{fast['first_day_lives'][kind]:.2f}",
            _number(later[kind], ".2f"),
            *(f"{fast['lives'][day][kind]:.2f}" for day in days),
        ]
        for kind in later
    ]
    totals = {f"all, {training}": found for training, found in fast["trainings"].items()}
    for name, found in (totals | {"all": fast}).items():
        recalls = [f"{found['recall'][day]:.2f}" for day in days]
        rows.append([name, _rate(found["first_day"]), _rate(found["after"]), *recalls])
    parts = [style([[*head, *(f"recall, day {day}" for day in days)], *rows])]
    if days:
        rows = [
            [event, *(_with_latency(fast["events"][day][event]) for day in days)]
            for event in fast["events"][days[0]]
        ]
        parts.append(
            style([["recall (median latency), program", *(f"day {day}" for day in days)], *rows])
        )
    return parts


def _rate(alarms: dict[str, Any]) -> str:
    if alarms["per_day"] is None:
        return "-"
    low, high = alarms["ci"]
    return f"{alarms['per_day']:.3f} ({low:.3f} to {high:.3f})"


def _cell(cells: dict[str, Any], column: str) -> str:
    return f"{cells[column]['recall']:.2f}" if column in cells else "-"


def _with_latency(found: dict[str, Any] | None) -> str:
    """Recall, and in brackets the median latency where something was found."""
    if found is None:
        return ""
    recall = f"{found['recall']:.2f}"
    if found.get("latency_h") is not None:
        return f"{recall} ({found['latency_h']:.1f} h)"
    return recall if found.get("latency_s") is None else f"{recall} ({found['latency_s']:.0f} s)"


def sensors(sets: dict[str, Any], style: Style) -> str:
    """AUC of every detector by set, then what ours find at their own threshold."""
    names = list(_any(sets)["detectors"])
    rows = [
        [name, *(f"{found['detectors'][n]['auc']:.3f}" for n in names)]
        for name, found in sets.items()
        if found["auc"] is not None
    ]
    parts = [style([["AUC", *names], *rows])]
    own = [n for n in names if "detected" in _any(sets)["detectors"][n]]
    head = ["detected; false alarms an hour", *own, "hours"]
    rows = []
    for name, found in sets.items():
        cells = [found["detectors"][n] for n in own]
        figures = [f"{_share(c['detected'])}; {c['false_alarms_per_hour']:.1f}" for c in cells]
        rows.append([name, *figures, *(f"{c['hours']:.3f}" for c in cells[:1])])
    return "\n\n".join([*parts, style([head, *rows])] if own else parts)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def causes(detectors: dict[str, Any], style: Style) -> str:
    head = [
        "",
        "channels",
        "samples in alarm",
        "largest residual",
        "cause",
        "cause, worst kind",
    ]
    rows = [
        [
            name,
            channels,
            str(d["alarms"]),
            f"{100 * d['largest_residual']:.1f} %",
            f"{100 * d['right']:.1f} %",
            f"{100 * min(d['structures'].values()):.1f} %",
        ]
        for name, found in detectors.items()
        for channels, d in found.items()
    ]
    return style([head, *rows])


def skab(detectors: dict[str, Any], style: Style) -> str:
    folders = list(_any(detectors)["folders"])
    head = ["", "F1", "false alarms", "missed", "margin"]
    head += [f"F1 {folder}" for folder in folders] * (len(folders) > 1)
    rows = [
        [
            name,
            f"{d['f1']:.3f}",
            f"{100 * d['far']:.1f} %",
            f"{100 * d['mar']:.1f} %",
            f"{d['margin']:.2f}",
            *(f"{d['folders'][f]['f1']:.3f}" for f in folders if len(folders) > 1),
        ]
        for name, d in detectors.items()
    ]
    return style([head, *rows])


def nab(detectors: dict[str, Any], style: Style) -> str:
    """Normalised scores over all files, then the raw scores of each file."""
    blocks = [[["all files", "score_fixed", "score_best"]]]
    blocks[0] += [
        [name, f"{d['score_fixed']:.1f}", f"{d['score_best']:.1f}"] for name, d in detectors.items()
    ]
    for file in _any(detectors)["files"]:
        pairs = [(name, d["files"][file]) for name, d in detectors.items()]
        rows = [[name, f"{f['raw_fixed']:.3f}", f"{f['raw_best']:.3f}"] for name, f in pairs]
        blocks.append([[file.removesuffix(".csv"), "raw_fixed", "raw_best"], *rows])
    return "\n\n".join(map(style, blocks))


def fleet(found: dict[str, Any], style: Style) -> str:
    """A run of virtual boards: its figures one a line, those of a restart after them."""
    seconds = {"p50_commit_s": "median", "p99_commit_s": "99 %", "max_commit_s": "longest"}
    rows = [
        ["boards", str(found["boards"])],
        ["broker, database, workers", "{broker}, {database}, {workers}".format(**found)],
        *([name, str(found[name])] for name in ("sent", "stored", "duplicates", "lost", "resent")),
        *(
            [f"event to commit, {name}", f"{_number(found[key], '.3f')} s"]
            for key, name in seconds.items()
        ),
        ["TLS connects a second", _number(found["connects_per_s"], ".0f")],
        *(
            [f"processor time of {name}, a connect", f"{_number(value, '.2f')} ms"]
            for name, value in found["processor_ms_per_connect"].items()
        ),
        *(
            [f"processor time of {name}, an event", f"{_number(value, '.2f')} ms"]
            for name, value in found["processor_ms_per_event"].items()
        ),
        ["memory of the broker, a board", f"{_number(found['broker_kb_per_board'], '.0f')} kB"],
    ]
    for name, key in (("an event", "bytes_per_event"), ("a board's minute", "bytes_per_minute")):
        if key in found:
            rows.append([f"on disk, {name}", f"{_number(found[key], '.0f')} bytes"])
    if restart := found.get("restart"):
        rows += [
            ["after the broker's restart, back", f"{restart['back']}"],
            ["all back after", f"{restart['all_back_s']:.1f} s"],
            ["attempts to connect", str(restart["attempts"])],
            ["attempts in the busiest second", str(restart["attempts_per_s_max"])],
            ["connects in the busiest second", str(restart["connects_per_s_max"])],
        ]
    return style([["", "fleet"], *rows])


def chaos(found: dict[str, Any], style: Style) -> str:
    """A run of killed parts: what came of the events, then what was done to them."""
    names = ["boards", "events", "stored", "duplicates", "missing", "invented", "different", "gaps"]
    names += ["dropped", "answered", "unkept"]
    rows = [[name, str(found[name])] for name in names]
    rows += [[f"kills, {name}", str(number)] for name, number in sorted(found["kills"].items())]
    rows += [[f"lines, {name}", str(number)] for name, number in sorted(found["faults"].items())]
    rows.append(["all was killed for", f"{found['seconds']:.0f} s"])
    rows.append(["everything stored after", f"{_number(found['settled_s'], '.1f')} s"])
    return style([["", "chaos"], *rows])


def markdown(rows: Rows) -> str:
    """A Markdown table."""
    head, *others = rows
    lines = [head, ["---"] * len(head), *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text(rows: Rows) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([f"{first:<{widths[0]}}", *cells]).rstrip())
    return "\n".join(lines)


def _any(detectors: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = next(iter(detectors.values()))
    return first


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"
