"""What the computer sees of the board: telemetry parser, monitor filter, recorder, injector."""
