"""Exponential and logarithm of whole arrays, for compiled code.

The compiler calls the C library once for every element; written as polynomials over arrays, several elements are
computed at once, in less than half the time. Reduction and polynomials as in Muller (2016), "Elementary Functions",
chapters 3 and 11.
"""

from typing import Any

import numba
import numpy as np

from mmm.vocabulary import FloatArray

LARGEST_EXPONENT = 700.0
"""Arguments of the exponential are held within this either way: beyond, a double is next to zero or overflows."""

_LOG2_E = 1.4426950408889634
# ln 2 in two parts, of which the first has so few digits that its products with whole numbers are exact.
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_ROUNDING = 1.5 * 2.0**52
"""Added to a double it leaves a whole number in the low bits of the sum."""
_WHOLE = 2.0**52
_WHOLE_BITS = 0x4330000000000000
_MANTISSA_BITS = 52
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_EXPONENT_OFFSET = 2048
"""Makes exponents positive while they are carried in the bits of a double."""


def compile_strictly(function: Any) -> Any:
    """The function as machine code of its own, with the arithmetic as it is written."""
    # Reassociation would cancel the rounding constant against itself. A function that says nothing inherits it from
    # its caller, so this one says what it allows: a product and a sum in one rounding.
    return numba.njit(function, error_model="numpy", fastmath={"contract"})


@compile_strictly
def exponential(values: FloatArray, found: FloatArray, scratch: FloatArray) -> None:
    """Write e to the power of `values` to `found`, to two units in the last place; `scratch` is overwritten.

    All three are contiguous arrays of one length, and no two the same.
    """
    size = values.shape[0]
    for place in range(size):
        held = min(max(values[place], -LARGEST_EXPONENT), LARGEST_EXPONENT)
        found[place] = held
        scratch[place] = held * _LOG2_E + _ROUNDING
    powers, bits = scratch.view(np.int64), found.view(np.int64)
    for place in range(size):
        power = scratch[place] - _ROUNDING
        rest = (found[place] - power * _LN2_HIGH) - power * _LN2_LOW
        # Taylor's series: |rest| <= ln(2) / 2, and the first term left out is below 2**-55.
        total = 1.0 / 6227020800.0
        total = total * rest + 1.0 / 479001600.0
        total = total * rest + 1.0 / 39916800.0
        total = total * rest + 1.0 / 3628800.0
        total = total * rest + 1.0 / 362880.0
        total = total * rest + 1.0 / 40320.0
        total = total * rest + 1.0 / 5040.0
        total = total * rest + 1.0 / 720.0
        total = total * rest + 1.0 / 120.0
        total = total * rest + 1.0 / 24.0
        total = total * rest + 1.0 / 6.0
        total = total * rest + 0.5
        total = total * rest + 1.0
        found[place] = total * rest + 1.0
    for place in range(size):
        bits[place] += powers[place] << _MANTISSA_BITS


@compile_strictly
def logarithm(values: FloatArray, found: FloatArray, scratch: FloatArray) -> None:
    """Write the natural logarithm of `values`, normal doubles above zero, to `found`, to two units in the last place.

    `scratch` is overwritten. All three are contiguous arrays of one length, and no two the same.
    """
    size = values.shape[0]
    bits, powers, mantissas = values.view(np.int64), scratch.view(np.int64), found.view(np.int64)
    for place in range(size):
        power = (bits[place] - _ROOT_HALF_BITS) >> _MANTISSA_BITS
        powers[place] = (power + _EXPONENT_OFFSET) | _WHOLE_BITS
        mantissas[place] = bits[place] - (power << _MANTISSA_BITS)
    for place in range(size):
        power_of_two = scratch[place] - (_WHOLE + _EXPONENT_OFFSET)
        # log m = 2 artanh(s): |s| <= 0.172, and the first term left out is below 2**-56.
        ratio = (found[place] - 1.0) / (found[place] + 1.0)
        square = ratio * ratio
        total = 1.0 / 21.0
        total = total * square + 1.0 / 19.0
        total = total * square + 1.0 / 17.0
        total = total * square + 1.0 / 15.0
        total = total * square + 1.0 / 13.0
        total = total * square + 1.0 / 11.0
        total = total * square + 1.0 / 9.0
        total = total * square + 1.0 / 7.0
        total = total * square + 1.0 / 5.0
        total = total * square + 1.0 / 3.0
        small = 2.0 * ratio * square * total + power_of_two * _LN2_LOW
        found[place] = power_of_two * _LN2_HIGH + (2.0 * ratio + small)
