"""[features]: what a frame is described by; without frames a sample."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from project.profile import limits
from project.profile.catalogue import CATALOGUE
from project.profile.keys import Choice, Key, Kinds, Number, kind_of_channels, read
from project.profile.reader import Table


@dataclass(frozen=True)
class Feature:
    """One feature of one channel; `parameters` fill a, b, c of the C++ FeatureSpec."""

    kind: str
    channel: int
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True)
class Adaptation:
    """How far the noise that is believed follows the sensor's.

    It never leaves the measured one by more than a factor of `limit`, so that a fault that grows
    slowly is not learnt away.
    """

    limit: Annotated[
        float,
        Number(
            "the noise that is believed follows the sensor's up to this factor; 1: not at all",
            low=1,
            high=4,
        ),
    ] = 1.0


# The keys of an entry of `use`.
USE: Final = Kinds(
    "the features: a kind, or a table of [features.use]",
    noun="feature",
    most=limits.MAX_FEATURES,
)
USE_KIND: Final = Choice("what is computed", among=tuple(CATALOGUE))
USE_CHANNEL: Final = Key('the name of a channel, or of a value of a frame; "*": each')
USE_PARAMETER: Final = Number("a time constant, where its kind has it", "frames", low=1)


_DEVICE: Final = "device"


@dataclass(frozen=True)
class Features:
    use: Annotated[tuple[Feature, ...], USE]
    noise: Annotated[
        str,
        Choice(
            "who measures it: the training, or each device before it judges; then the model has "
            "no unit",
            among=("recording", _DEVICE),
        ),
    ] = "recording"
    adaptation: Adaptation = Adaptation()

    @property
    def is_generic(self) -> bool:
        return self.noise == _DEVICE


def read_features(table: Table, channels: tuple[str, ...]) -> Features:
    """Raises UserError where the table does not say features of these channels."""
    use = [feature for entry in table.array("use") for feature in _of(table, entry, channels)]
    USE.check(table, "use", use)
    if use[0].channel != 0 or not CATALOGUE[use[0].kind].invertible:
        kinds = " or ".join(k for k, v in CATALOGUE.items() if v.invertible)
        raise table.error("use", f"the first feature must be {kinds} of the first channel")
    inner = table.table("adaptation", optional=True)
    adaptation = read(Adaptation, inner)
    inner.finish()
    features = read(Features, table, use=tuple(use), adaptation=adaptation)
    table.finish()
    return features


def _of(table: Table, entry: Any, channels: tuple[str, ...]) -> list[Feature]:
    """One entry of `use`."""
    inner, kind, chosen = kind_of_channels(table, "use", entry, USE_KIND, channels)
    names = CATALOGUE[kind].parameters
    parameters = tuple(USE_PARAMETER.read(inner, name, None) for name in names)
    if names[:2] == ("fast_tau", "slow_tau") and parameters[0] >= parameters[1]:
        raise inner.error("fast_tau", "must be less than slow_tau")
    inner.finish()
    return [Feature(kind, c, parameters) for c in chosen]
