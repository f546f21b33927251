"""One HTML page about a model, with everything inside: no network is needed to read it."""

from benchmark.report.benchmark import read_benchmark
from benchmark.report.document import Written, write

__all__ = ["Written", "read_benchmark", "write"]
