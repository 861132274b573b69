"""How functions of the kernel are compiled."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

_READ_BY_THE_KERNEL = ("vector_math.py", "outcome_noise.py", "saturation.py", "marginal.py")
"""Modules beside this package whose functions or constants become part of compiled code."""


_FAST = frozenset({"arcp", "contract", "afn", "reassoc", "nsz"})
"""Sums may be taken in any order. "ninf" and "nnan" stay off: a density that is not finite must be seen, so that the
step can be rejected."""


def compile_inline[Function: Callable[..., Any]](function: Function) -> Function:
    """The function as machine code that becomes part of whatever calls it, and is compiled as that is.

    Inlined, the density is one function: in parts, a process that compiles them rounds differently from one that
    reads them from disk, and equal seeds would not give equal draws.

    Each time numba inlines a function it copies all of that function's variables once for every block of its code.
    So what is long is best called from the C function itself: once more inlined, it costs seconds and hundreds of MB.
    """
    compiled: Function = numba.njit(function, fastmath=set(_FAST), error_model="numpy", inline="always")
    return compiled


def keep_on_disk(function: Callable[..., int], signature: Any) -> Any:
    """The function as a C function, compiled once a machine and then read from disk.

    numba looks at the date of the function's own module alone. What is inlined from other modules is told
    apart by the function's name, which carries the digest of all of them.
    """
    function.__qualname__ = f"{function.__name__}_{_digest_of_sources()}"
    return numba.cfunc(signature, cache=True, fastmath=set(_FAST), error_model="numpy")(function)


@cache
def _digest_of_sources() -> str:
    folder = Path(__file__).parent
    sources = [*sorted(folder.glob("*.py")), *(folder.parent / name for name in _READ_BY_THE_KERNEL)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
