"""[network]: a dense autoencoder and how it is trained."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from project.profile import limits
from project.profile.keys import Choice, Flag, Integer, Key, Number, read
from project.profile.reader import Table

ACTIVATIONS: Final = ("linear", "relu", "sigmoid", "tanh")


@dataclass(frozen=True)
class _Layers(Key):
    form = "array of whole numbers"

    def read(self, table: Table, name: str, default: Any) -> tuple[int, ...]:
        found = table.array(name)
        for width in found:
            if not isinstance(width, int) or isinstance(width, bool) or width < 1:
                raise table.error(name, "must be whole numbers of units, at least 1")
            if width > limits.MAX_LAYER_WIDTH:
                raise table.error(name, f"{width} units are more than {limits.MAX_LAYER_WIDTH}")
        if len(found) >= limits.MAX_LAYERS:
            raise table.error(name, f"are {len(found)}, must be fewer than {limits.MAX_LAYERS}")
        return tuple(found)

    def range(self) -> str:
        return f"fewer than {limits.MAX_LAYERS}, of 1 to {limits.MAX_LAYER_WIDTH} units"


@dataclass(frozen=True)
class _Activations(Key):
    form = "array of strings"

    def read(self, table: Table, name: str, default: Any) -> tuple[str, ...]:
        found = table.array(name)
        for activation in found:
            if activation not in ACTIVATIONS:
                raise table.error(name, f'"{activation}" is not one of {", ".join(ACTIVATIONS)}')
        return tuple(found)

    def range(self) -> str:
        return ", ".join(f"`{name}`" for name in ACTIVATIONS)


@dataclass(frozen=True)
class Network:
    """A dense autoencoder: the hidden layers between input and output."""

    layers: Annotated[tuple[int, ...], _Layers("units of each hidden layer")]
    activations: Annotated[tuple[str, ...], _Activations("of each hidden layer")]
    output_activation: Annotated[str, Choice("of the output layer", among=ACTIVATIONS)]
    output_bias: Annotated[
        bool, Flag("whether the output layer has a bias; a whitened score can do without")
    ] = True
    quantize: Annotated[bool, Flag("int8 instead of float32")] = False
    steps: Annotated[int, Integer("updates of the weights in training", low=1, high=1_000_000)] = (
        1000
    )
    batch: Annotated[int, Integer("size of an update", "rows", low=1, high=65536)] = 32
    learning_rate: Annotated[float, Number("of the optimiser, Adam", above=0, high=1)] = 1e-3
    decay: Annotated[
        str,
        Choice("`cosine`: the learning rate falls to zero at the end", among=("none", "cosine")),
    ] = "none"
    noise: Annotated[
        float, Number("standard deviation of the noise on the input in training", low=0)
    ] = 0.0
    replace: Annotated[
        float,
        Number("share of the input's entries that become any value in training", low=0, high=1),
    ] = 0.0
    replace_range: Annotated[float, Number("any value: within plus or minus this", above=0)] = 8.0
    seed: Annotated[int, Integer("another seed, another network")] = 1


NO_NETWORK: Final = Network(layers=(1,), activations=("linear",), output_activation="linear")
"""Stands where a detector has none and its profile no table."""


def read_network(table: Table) -> Network:
    """Raises UserError where the table is no network."""
    network = read(Network, table)
    table.finish()
    layers, activations = len(network.layers), len(network.activations)
    if activations != layers:
        raise table.error("activations", f"are {activations} for {layers} hidden layers")
    return network
