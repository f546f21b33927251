"""A model as it is in a package."""

import re
from dataclasses import dataclass
from typing import Final

from project.profile import Profile
from training.manifest import Manifest

NAME: Final = "anomaly_detector"  # of the library, wherever a library has a name
ROOT: Final = f"{NAME}.h"

# Bytes of an entry of the tables that hold numbers.
_SIZES: Final = {"float": 4, "int8_t": 1, "int32_t": 4, "uint8_t": 1, "bool": 1, "unsigned char": 1}


@dataclass(frozen=True)
class Packed:
    """A model in a package: `header` is that of `namespace anomaly::name`."""

    profile: Profile
    found: Manifest
    name: str
    engine: str
    header: str

    @property
    def rate_is_given(self) -> bool:
        """Whether the program says at run time how often it reads its sensor."""
        return self.profile.is_generic

    @property
    def declaration(self) -> str:
        period = f"({1 / self.profile.sampling.rate_hz:g}f)" if self.rate_is_given else ""
        return f"anomaly::Detector<{self.name}::Model> detector{period};"

    @property
    def channels(self) -> int:
        return len(self.profile.sensor.channels)

    @property
    def table_bytes(self) -> int:
        """Of the tables of numbers in the flash."""
        found = re.findall(
            r"^(?:alignas\(16\) )?inline constexpr ([\w ]+) \w+((?:\[\w+\])+) = ", self.header, re.M
        )
        total = 0
        for kind, dimensions in found:
            count = 1
            for dimension in re.findall(r"\w+", dimensions):
                count *= self._number(dimension)
            total += _SIZES.get(kind, 0) * count
        return total

    def _number(self, said: str) -> int:
        if said.isdigit():
            return int(said)
        constant = re.search(rf"constexpr int {said} = (\w+);", self.header)
        assert constant, said
        return self._number(constant[1])
