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
