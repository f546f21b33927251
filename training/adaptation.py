"""How fast the noise that is believed follows the sensor's; the profile says how far.

In blocks of 20 samples. The header gets these numbers from here.
"""

from typing import Final

MEMORY_BLOCKS: Final = 360.0  # time constant
MEASURED_BLOCKS: Final = 24.0  # what the measurement counts for at the start
