"""When an alarm is on."""

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]


def latch(over: Booleans, low: Booleans, clear_samples: int) -> Booleans:
    """Alarms [samples, series]: on when a score is `over`, off with so many `low` ones in a row."""
    result = np.zeros(over.shape, dtype=np.bool_)
    active = np.zeros(over.shape[1], dtype=np.bool_)
    calm = np.zeros(over.shape[1], dtype=np.int64)
    for sample in range(len(over)):
        calm = np.where(low[sample], calm + 1, 0)
        active = over[sample] | (active & (calm < clear_samples))
        result[sample] = active
    return result
