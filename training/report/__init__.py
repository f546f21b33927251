"""One HTML page about a model, with everything inside: no network is needed to read it."""

from training.report.benchmark import read_benchmark
from training.report.document import Written, write

__all__ = ["Written", "read_benchmark", "write"]
