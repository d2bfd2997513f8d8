# SPDX-License-Identifier: MIT
"""What all our objects share: calling C, owning a handle, letting go of it."""
from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

from . import _ffi, errors
from ._types import Path, Precision, Self

_logger = logging.getLogger("avsvt")
_logger.addHandler(logging.NullHandler())
_LEVELS = {0: logging.DEBUG, 1: logging.INFO, 2: logging.WARNING}


def call(name: str, *arguments: object) -> None:
    """Call a fallible function; raise what it reports."""
    error = _ffi.ErrorRecord()
    try:
        status = getattr(_ffi.library(), name)(*arguments, ctypes.byref(error))
    except ctypes.ArgumentError as wrong:
        raise TypeError(f"{name}: {wrong}") from None
    if status != _ffi.OK:
        message = error.message.decode("utf-8", "replace")
        raise errors.BY_STATUS.get(status, errors.Error)(
            message or f"{name} failed with status {status}", status)


def path_bytes(path: Path | bytes) -> bytes:
    """A path as C wants it."""
    name = os.fspath(path)
    data = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError("a path cannot hold a zero byte"
                         + ("; what a file holds is given as io.BytesIO(...)"
                            if isinstance(path, bytes) else ""))
    return data


def optional(value: float | None) -> float:
    """A number for an option where C takes 0 for "the default": None is that
    default, and a real 0 becomes the smallest number above it."""
    if value is None:
        return 0.0
    return float(value) or 5e-324


def or_none(value: float | None) -> float:
    """A number for an option where C takes 0 for "the default" and what is
    negative for none: None is that default, and 0 is none."""
    return 0.0 if value is None else float(value) or -1.0


def chosen(name: str, word: object, words: Mapping[Any, int]) -> int:
    """C's number for a word."""
    if not isinstance(word, str | None) or word not in words:
        raise ValueError(f"{name} {word!r} is none of {', '.join(filter(None, words))}")
    return words[word]


def known(given: Iterable[str], names: Iterable[str]) -> None:
    """Refuses names that are none, as Python does for a function's own."""
    for name in given:
        if name not in names:
            raise TypeError(f"there is no argument {name!r}; further ones are "
                            + ", ".join(names))


def settings_text(value: object) -> bytes:
    """Lists, mappings, numbers, words and paths as JSON, which is YAML too."""
    def plain(other: Any) -> object:
        return other.tolist() if hasattr(other, "tolist") else os.fspath(other)  # NumPy's

    return json.dumps(value, ensure_ascii=False, default=plain).encode()


class Handle:
    """Owns one C object. Close it, use it in a `with` statement, or forget it.

    Closing while another thread is in a call waits with the release until
    that call is over.
    """

    _free = ""

    def __init__(self, make: str, *arguments: object):
        self._pointer: int | None = None
        self._lock = threading.RLock()  # the garbage collector comes at any time
        self._users = 0
        self._closed = False
        out = ctypes.c_void_p()
        call(make, ctypes.byref(out), *arguments)
        self._pointer = out.value

    @classmethod
    def _adopt(cls, pointer: int | None) -> Self:
        """An object around a pointer that is already ours."""
        self = cls.__new__(cls)
        self._pointer, self._lock = pointer, threading.RLock()
        self._users, self._closed = 0, False
        return self

    def _take(self) -> int | None:
        """The pointer, safe from close() until _give_back()."""
        with self._lock:
            if self._closed:
                raise ValueError(f"this {type(self).__name__} is closed")
            self._users += 1
        return self._pointer

    def _give_back(self) -> None:
        with self._lock:
            self._users -= 1
        self._release()

    @contextmanager
    def _held(self) -> Iterator[int | None]:
        """The pointer, safe from close() until the end of the block."""
        pointer = self._take()
        try:
            yield pointer
        finally:
            self._give_back()

    def _release(self) -> None:
        with self._lock:
            if not self._closed or self._users or self._pointer is None:
                return
            pointer, self._pointer = self._pointer, None
        self._drop(pointer)

    def _drop(self, pointer: int) -> None:
        getattr(_ffi.library(), self._free)(pointer)

    def close(self) -> None:
        """Let go of the C object; closing twice is allowed."""
        with self._lock:
            self._closed = True
        self._release()

    def _told(self) -> str:
        """What tells this object from others, for its repr."""
        return ""

    def __repr__(self) -> str:
        name = f"avsvt.{type(self).__name__}"
        if self._closed:
            return f"<{name} closed>"
        try:
            told = self._told()
        except (ValueError, errors.Error):  # closed meanwhile, or busy
            told = ""
        return f"<{name}{': ' if told else ''}{told}>"

    def __reduce__(self) -> NoReturn:
        # A copy would be a second owner of the C object.
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled: make "
                        "another one where it is needed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_lock", None) is not None and _ffi is not None:
            self.close()


Object = TypeVar("Object", bound=Handle)
Handler = Callable[[int, FrameType | None], object]


class _Interrupts:
    """Ctrl-C while C calls back: its handler, Python's or a program's own, is called
    there and not before. Raised on the way into a callback of ctypes, its exception
    would be lost. Only the main thread handles signals; in others, and in hosts that
    let nobody handle them, nothing is changed."""

    def __init__(self) -> None:
        self._depth = 0  # of calls inside callbacks of others
        self._handler: Handler = signal.default_int_handler
        self._waiting: list[int] = []

    def begin(self) -> bool:
        """Take the handler's place; False where that can't be."""
        if threading.current_thread() is not threading.main_thread():
            return False
        if not self._depth:
            self._waiting.clear()
        try:
            self.stand_in()
        except ValueError:  # not of the first interpreter
            return False
        self._depth += 1
        return True

    def stand_in(self) -> None:
        """Also after a callback or a handler has chosen another."""
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler != self._wait:
            signal.signal(signal.SIGINT, self._wait)
            self._handler = handler

    def _wait(self, number: int, _frame: FrameType | None) -> None:
        self._waiting.append(number)

    def handle(self) -> None:
        """What has come up to now."""
        numbers, self._waiting = self._waiting, []
        for number in numbers:
            self._handler(number, sys._getframe())

    def end(self) -> None:
        self._depth -= 1
        if not self._depth and signal.getsignal(signal.SIGINT) == self._wait:
            signal.signal(signal.SIGINT, self._handler)
        self.handle()


_interrupts = _Interrupts()


class Progress:
    """What C calls back while it works: ``tell(*values)`` gives True when `progress`
    or Ctrl-C's handler raised, and what they raised comes out of the block.

    >>> with Progress(progress) as told:
    ...     call("avsvt_...", function(told.tell))
    """

    def __init__(self, progress: Callable[..., object] | None):
        self._progress, self._interruptible = progress, False
        self._raised: BaseException | None = None

    def tell(self, *values: object) -> bool:
        try:
            if self._interruptible:
                _interrupts.handle()
            if self._progress is not None and self._raised is None:
                self._progress(*values)
            if self._interruptible:
                _interrupts.stand_in()
        except BaseException as error:
            self._raised = error
        return self._raised is not None

    def __enter__(self) -> Self:
        self._interruptible = _interrupts.begin()
        return self

    def __exit__(self, *_: object) -> None:
        raised, self._raised = self._raised, None
        try:
            if self._interruptible:
                _interrupts.end()
            if raised is not None:
                raise raised from None
        finally:
            del raised  # its traceback has this frame: nothing is kept alive in a ring


def need(value: Object | None, kind: type[Handle]) -> Object | None:
    """`value`, before C takes it for an object of that kind without looking."""
    fits = value is None or isinstance(value, kind)
    if not fits:
        raise TypeError(f"an avsvt.{kind.__name__} is needed here, not {type(value).__name__}")
    return value


@contextmanager
def held(*handles: Handle | None) -> Iterator[list[int | None]]:
    """The pointers of several handles; None stays None."""
    with ExitStack() as stack:
        yield [None if h is None else stack.enter_context(h._held()) for h in handles]


def _tell(_user: int | None, level: int, line: bytes | None) -> None:
    _logger.log(_LEVELS.get(level, logging.WARNING), "%s",
                (line or b"").decode("utf-8", "replace"))


_log = _ffi.LogFunction(_tell)  # C keeps it


class Context(Handle):
    """Choices that models share: threads, device, backend, precision, modules.

    ``Context(threads=1, device="auto", backend="auto", precision="fp32",
    module_path=None)``. What the library has to say goes to the logger
    ``avsvt`` of Python's ``logging``.
    """

    _free = "avsvt_context_free"

    def __init__(self, threads: int | None = None, device: str | None = None,
                 backend: str | None = None, precision: Precision = "fp32",
                 module_path: Path | None = None):
        options = _ffi.ContextOptions(
            threads=threads or 0, precision=chosen("precision", precision, _ffi.PRECISIONS),
            device=None if device is None else str(device).encode(),
            backend=None if backend is None else str(backend).encode(),
            module_path=None if module_path is None else path_bytes(module_path), log=_log)
        super().__init__("avsvt_context_create", ctypes.byref(options))
