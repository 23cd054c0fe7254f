"""Reading without the collector of cycles, which looks through every record again and again and finds none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Let the collector of reference cycles rest while records are made; it is as before afterwards.

    Parsed JSON, XML and rows have no cycles, and are freed by counting references. The more of them there are, the more
    of the time of reading goes into looking for cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
