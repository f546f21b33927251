"""From a recording to a model that a chip can run: `python -m training --help`.

What a build needs (`model_step`, `profiles`, `fingerprint`, `manifest`, `codegen`, `files`,
`errors`) uses the standard library only; the rest imports NumPy, and TensorFlow inside the
functions that need it.
"""
