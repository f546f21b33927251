"""The integer arithmetic of TensorFlow Lite's int8 reference kernels, over NumPy arrays.

Sources: gemmlowp/fixedpoint/fixedpoint.h (the fixed-point functions), and of TensorFlow Lite
kernels/internal/quantization_util.cc (QuantizeMultiplier, CalculateInputRadius),
kernels/internal/common.cc (MultiplyByQuantizedMultiplier with double rounding) and
kernels/internal/reference/integer_ops/{logistic,tanh}.h. All values are int32 held in int64.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_MAX: Final = 2**31 - 1
_INTEGER_BITS: Final = 4  # of the input of logistic and tanh


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A positive real factor as (multiplier, shift): multiplier * 2^(shift - 31)."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def multiply(x: Integers, multiplier: Integers, shift: Integers) -> Integers:
    """MultiplyByQuantizedMultiplier: rounds twice, as gemmlowp does."""
    left = np.maximum(shift, 0)
    right = np.maximum(-shift, 0)
    return _divide_by_pot(_high_mul(_wrap(x << left), multiplier), right)


def logistic_table(scale: float, zero_point: int) -> list[int]:
    """int8 LOGISTIC of all 256 inputs, -128 first. Output: scale 1/256, zero point -128."""
    q4, below, above = _to_q4(scale, zero_point)
    result = _divide_by_pot(_logistic(q4), 31 - 8) - 128
    return _table(result, below, above)


def tanh_table(scale: float, zero_point: int) -> list[int]:
    """int8 TANH of all 256 inputs, -128 first. Output: scale 1/128, zero point 0."""
    q4, below, above = _to_q4(scale, zero_point)
    return _table(_divide_by_pot(_tanh(q4), 31 - 7), below, above)


def _to_q4(scale: float, zero_point: int) -> tuple[Integers, Integers, Integers]:
    """Inputs -128..127 as Q4.27, and which of them are out of its range below and above."""
    fraction, shift = math.frexp(scale * 2.0 ** (31 - _INTEGER_BITS))
    multiplier = math.floor(fraction * 2**31 + 0.5)
    limit = (2**_INTEGER_BITS - 1) * 2 ** (31 - _INTEGER_BITS)
    radius = math.floor(limit / 2.0**shift)
    x = np.arange(-128, 128, dtype=np.int64) - zero_point
    inside = np.where(abs(x) < radius, x, 0)
    return multiply(inside, np.asarray(multiplier), np.asarray(shift)), x <= -radius, x >= radius


def _table(values: Integers, below: Integers, above: Integers) -> list[int]:
    clipped = np.clip(values, -128, 127)
    return [int(v) for v in np.where(below, -128, np.where(above, 127, clipped))]


def _wrap(x: Integers) -> Integers:
    """Keeps 32 bits, as int32 arithmetic does."""
    return ((x + 2**31) & (2**32 - 1)) - 2**31


def _high_mul(a: Integers, b: Integers | int) -> Integers:
    """SaturatingRoundingDoublingHighMul: a * b / 2^31, rounded, the division towards zero."""
    product = a * b
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    return np.minimum(np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31)), _MAX)


def _divide_by_pot(x: Integers, exponent: Integers | int) -> Integers:
    """RoundingDivideByPOT: half away from zero."""
    mask = (np.int64(1) << np.asarray(exponent, dtype=np.int64)) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def _multiply_by_pot(x: Integers, exponent: int) -> Integers:
    """SaturatingRoundingMultiplyByPOT for a positive exponent."""
    threshold = 2 ** (31 - exponent) - 1
    shifted = _wrap(x << exponent)
    return np.where(x > threshold, _MAX, np.where(x < -threshold, -(2**31), shifted))


def _exp_on_negative_values(x: Integers, integer_bits: int) -> Integers:
    """exp(x) as Q0.31 for x < 0 given with `integer_bits` integer bits; one for x = 0."""
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    in_quarter = (x & (quarter - 1)) - quarter
    a = _multiply_by_pot(in_quarter, integer_bits)
    # Taylor expansion of exp around -1/8.
    x1 = a + (1 << 28)
    x2 = _high_mul(x1, x1)
    x3 = _high_mul(x2, x1)
    x4 = _divide_by_pot(_high_mul(x2, x2), 2)
    rest = _divide_by_pot(_high_mul(x4 + x3, 715827883) + x2, 1)
    result = 1895147668 + _high_mul(x1 + rest, 1895147668)
    remainder = in_quarter - x
    factors = {-2: 1672461947, -1: 1302514674, 0: 790015084, 1: 290630308, 2: 39332535}
    factors |= {3: 720401, 4: 242}
    for exponent, factor in factors.items():
        if integer_bits > exponent:
            applies = (remainder & (1 << (fractional_bits + exponent))) != 0
            result = np.where(applies, _high_mul(result, factor), result)
    return np.where(x == 0, _MAX, result)


def _newton_reciprocal(a: Integers) -> Integers:
    """2 / (1 + a) as Q2.29 for a in (0, 1) as Q0.31."""
    total = a + _MAX
    half = np.where(total >= 0, (total + 1) >> 1, -((1 - total) >> 1))
    x = 1515870810 + _high_mul(half, -1010580540)
    for _ in range(3):
        x = x + _multiply_by_pot(_high_mul(x, (1 << 29) - _high_mul(half, x)), 2)
    return x


def _logistic(x: Integers) -> Integers:
    exponential = _exp_on_negative_values(-abs(x), _INTEGER_BITS)
    # ExactMulByPot<-1> leaves one integer bit to be shifted out.
    positive = _multiply_by_pot(_newton_reciprocal(exponential), 1)
    return np.where(x == 0, 1 << 30, np.where(x > 0, positive, _MAX - positive))


def _tanh(x: Integers) -> Integers:
    exponential = _exp_on_negative_values(-abs(x), _INTEGER_BITS + 1)
    positive = _multiply_by_pot(_newton_reciprocal(exponential) - (1 << 29), 2)
    return np.where(x == 0, 0, np.where(x < 0, -positive, positive))
