"""[detector]: from what the network gets wrong to an alarm."""

from dataclasses import dataclass
from typing import Annotated, Final

from project.profile.keys import Choice, Flag, Integer, Number, read
from project.profile.limits import MAX_ALARM_FRAMES
from project.profile.reader import Table

NONE: Final = "none"
NO_THRESHOLD: Final = 1e30
"""Of a detector without one: no score of it is an alarm."""

_QUANTILE = "quantile"
_TAIL = "tail"


@dataclass(frozen=True)
class Calibration:
    """How the threshold comes from normal data.

    `quantile`: that quantile of the scores of held-out rows, times `margin`. `tail`: what a
    generalised Pareto tail exceeds `false_alarms_per_day` times a day.
    """

    kind: Annotated[
        str,
        Choice(
            "where it comes from: a quantile of held-out scores, or a fitted tail",
            among=(_QUANTILE, _TAIL),
        ),
    ]
    quantile: Annotated[
        float,
        Number("of the scores of rows that were not trained on", kind=_QUANTILE, above=0, high=1),
    ] = 0.999
    margin: Annotated[
        float, Number("the threshold is that quantile times this", kind=_QUANTILE, above=0)
    ] = 1.5
    false_alarms_per_day: Annotated[
        float,
        Number(
            "how often normal data may reach the threshold",
            "a day",
            _TAIL,
            required=True,
            above=0,
            high=1000,
        ),
    ] = 0.2


@dataclass(frozen=True)
class Learning:
    """What the device learns of its own daily life; without this table it learns nothing."""

    false_alarms_per_day: Annotated[
        float,
        Number("how many alarms a day of normal life are put up with", "a day", above=0, high=10),
    ] = 0.2
    lively: Annotated[
        bool,
        Flag(
            "it has doors, burners or sun and may move by degrees within a minute: until a day is "
            "known, the limits are wide"
        ),
    ] = False


@dataclass(frozen=True)
class Detector:
    """Network output to a score, and scores to a state."""

    kind: Annotated[
        str,
        Choice(
            "by a network, by the distance from the mean, or not at all: the slow charts alone",
            among=("autoencoder", "mahalanobis", NONE),
        ),
    ] = "autoencoder"
    score: Annotated[
        str,
        Choice(
            "`absolute`: mean size of the residual; `rms`, `quartic`: of the whitened one",
            among=("absolute", "rms", "quartic"),
        ),
    ] = "absolute"
    threshold: Annotated[
        float, Number("a fixed one, instead of [detector.calibration]", above=0, required=True)
    ] = 0.0
    calibration: Calibration | None = None
    learning: Learning | None = None
    clip_output: Annotated[
        bool, Flag("cuts the output to the range that it takes on normal data")
    ] = False
    residual_shrink: Annotated[
        float,
        Number("share of the residuals' covariance that its diagonal replaces", low=0, high=1),
    ] = 0.05
    residual_floor: Annotated[float, Number("added to that diagonal", low=0)] = 1e-4
    chart_tau: Annotated[
        float,
        Number(
            "time constant of the second chart, the mean score; 0: there is none", "frames", low=0
        ),
    ] = 0.0
    alarm_count: Annotated[
        int, Integer("so many scores over the threshold ...", low=1, high=MAX_ALARM_FRAMES)
    ] = 1
    alarm_seconds: Annotated[
        float, Number("... within so long: ANOMALY; 0: one score decides", "s", low=0)
    ] = 0.0
    clear_seconds: Annotated[
        float, Number("low scores for so long: NORMAL; 0: one ends it", "s", low=0, high=86400)
    ] = 0.0
    clear_ratio: Annotated[
        float, Number("low is under this share of the threshold", above=0, high=1)
    ] = 1.0
    warmup_seconds: Annotated[
        float, Number("nothing is judged at the start for", "s", low=0, high=86400)
    ] = 0.0


def read_detector(table: Table) -> Detector:
    """Raises UserError where the table is no detector."""
    learning = None
    if table.has("learning"):
        inner = table.table("learning")
        learning = read(Learning, inner)
        inner.finish()
    if table.says("kind", NONE):
        return _without_score(table)
    fixed = table.has("threshold")
    if fixed and table.has("calibration"):
        raise table.error("threshold", "is fixed, so there must be no [detector.calibration]")
    if not fixed and not table.has("calibration"):
        raise table.error("threshold", "is missing (or a table [detector.calibration])")
    if fixed:
        detector = read(Detector, table, learning=learning)
    else:
        inner = table.table("calibration")
        calibration = read(Calibration, inner)
        inner.finish()
        detector = read(Detector, table, threshold=0.0, calibration=calibration, learning=learning)
    table.finish()
    tail = detector.calibration is not None and detector.calibration.kind == _TAIL
    if learning is not None and not (tail and detector.score != "absolute"):
        reason = 'needs a score of "rms" or "quartic" and [detector.calibration] kind = "tail"'
        raise table.error("learning", reason)
    return detector


def _without_score(table: Table) -> Detector:
    for key in ("threshold", "calibration", "learning"):
        if table.has(key):
            raise table.error(key, f'goes with a score, and kind is "{NONE}"')
    detector = read(Detector, table, threshold=NO_THRESHOLD)
    table.finish()
    if detector.score != "absolute":
        raise table.error("score", f'is never compared where kind is "{NONE}": leave it out')
    return detector
