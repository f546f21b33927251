"""How good the detectors are, measured: simulated devices, SKAB's pump, NAB's temperatures."""
