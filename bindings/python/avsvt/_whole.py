# SPDX-License-Identifier: MIT
"""Files that are there as a whole or not at all."""
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def whole(path: str) -> Iterator[str]:
    """The name of a file beside `path`, to be written in the block: after it the file
    takes the place of `path`; where the block fails it is removed."""
    beside = f"{path}.new"
    try:
        yield beside
        os.replace(beside, path)
    finally:
        if os.path.exists(beside):
            os.remove(beside)
