"""Runs the SCons that is installed in the Python that runs this (the project's .venv)."""

import SCons.Script

SCons.Script.main()
