"""Sizes that Python and C++ have to agree on.

They stand in C++ too, where they size arrays. The generated header compares the two, so that a
change of one side alone does not compile.
"""

from typing import Final

MAX_CHANNELS: Final = 8
MAX_CHANNEL_NAME: Final = 32  # characters
MAX_UNIT: Final = 8  # characters
MAX_VALUES: Final = 20  # of a frame
MAX_FEATURES: Final = 20
MAX_FRAME_SAMPLES: Final = 65536
MAX_LAYERS: Final = 8
MAX_LAYER_WIDTH: Final = 64  # units; of the input and output too
MAX_ALARM_FRAMES: Final = 32
MAX_WAIT_FRAMES: Final = 65535  # of the warm-up, and until an alarm ends
