"""How good the detectors are and how fast they run, measured; on top of the other packages.

Simulated devices, SKAB's pump, NAB's temperatures; speed and size of the program; a report about
one model. Nothing else in this project imports it.
"""
