"""Names of the arrays that kernels take and give, whatever their shape: the docstrings say that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
#: How often each item is drawn in each replicate of a bootstrap.
Counts = NDArray[np.uint8]
#: 64-bit hashes.
Words = NDArray[np.uint64]
