"""Where the modules that are still here look for it."""

from project.paths import PROJECT as PROJECT
from project.profile import *  # noqa: F403
