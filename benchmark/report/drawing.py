"""Pictures as inline SVG in the page's colours, each under a legend of just what was drawn."""

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Key:
    """An entry of a legend. `form` is how it is drawn: line, dash, band, bars or mark."""

    label: str
    colour: str
    form: str


REAL: Final = Key("Real", "real", "line")
SCORE: Final = Key("Score", "score", "line")
THRESHOLD: Final = Key("Threshold", "alarm", "dash")
ALARM: Final = Key("Alarm", "alarm", "band")

# Colours that only the drawing knows; in the page they become variables of its light or dark style.
_COLOURS: Final = {
    "ink": "#010101",
    "faint": "#020202",
    "real": "#030303",
    "expected": "#040404",
    "score": "#050505",
    "alarm": "#060606",
}
_SIZES: Final = {"wide": 10.4, "narrow": 4.6}  # inches
_INK, _FAINT = _COLOURS["ink"], _COLOURS["faint"]
_STYLE: Final = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _FAINT,
    "grid.alpha": 0.35,
    "grid.linewidth": 0.5,
}


class Pen:
    """Draws on matplotlib axes and remembers what, for the legend."""

    def __init__(self, is_narrow: bool) -> None:
        self.is_narrow = is_narrow
        self.used: dict[Key, None] = {}

    def line(self, axes: Any, key: Key, x: Array, y: Array) -> None:
        axes.plot(x, y, color=self._colour(key), linewidth=1.0)

    def bars(self, axes: Any, key: Key, values: Array, top: float) -> None:
        """How often each of `values` occurs, from 0 to `top`."""
        axes.hist(values, bins=60, range=(0, top), color=self._colour(key))

    def across(self, axes: Any, key: Key, y: float) -> None:
        axes.axhline(y, color=self._colour(key), linewidth=1, linestyle="--")

    def upright(self, axes: Any, key: Key, x: float) -> None:
        axes.axvline(x, color=self._colour(key), linewidth=1, linestyle="--")

    def band(self, axes: Any, key: Key, begin: float, end: float) -> None:
        axes.axvspan(begin, end, color=self._colour(key), alpha=0.22, lw=0)

    def mark(self, axes: Any, key: Key, begin: float, end: float, text: str) -> None:
        """A bar over the picture, with a text above it."""
        place = axes.get_xaxis_transform()
        colour = self._colour(key)
        axes.plot([begin, end], [1.02, 1.02], color=colour, lw=4, transform=place, clip_on=False)
        above = {"xycoords": place, "xytext": (0, 6), "textcoords": "offset points"}
        axes.annotate(text, (begin, 1.0), ha="left", va="bottom", **above)

    def _colour(self, key: Key) -> str:
        self.used[key] = None
        return _COLOURS[key.colour]


def picture(
    name: str, draw: Callable[[Any, Pen], None], height: float, narrow_height: float | None = None
) -> str:
    """Legend and picture, once for wide and once for narrow screens; heights in inches.

    `draw` gets a matplotlib figure. `name` makes the ids in the picture differ from those of
    others: all stand in one document.
    """
    import matplotlib
    from matplotlib.figure import Figure

    pictures = []
    used: dict[Key, None] = {}
    for size, width in _SIZES.items():
        tall = narrow_height if size == "narrow" and narrow_height else height
        with matplotlib.rc_context(_STYLE | {"svg.hashsalt": f"{name} {size}"}):
            figure = Figure(figsize=(width, tall), layout="constrained")
            pen = Pen(size == "narrow")
            draw(figure, pen)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        used |= pen.used
        pictures.append(f'<div class="{size}">{_in_page_colours(buffer.getvalue())}</div>')
    keys = "".join(
        f'<span class="key {key.form}" style="--c:var(--{key.colour})">{html.escape(key.label)}'
        "</span>"
        for key in used
    )
    return f'<p class="legend">{keys}</p>{"".join(pictures)}'


def _in_page_colours(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"(font: [^;']*?px) [^;\"]*", r"\1 system-ui, sans-serif", svg)
    for name, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg
