"""What the operating system keeps a worker from doing."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

ADDRESS_SPACE = 4 * 2**30  # bytes; enough for any model this project accepts
OPEN_FILES = 64
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_FIRST = "1000"  # of -1000 … 1000: the first that Linux ends when memory runs out
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt
_LARGE = 64 * 2**10  # bytes
NICE = 5  # of 0 … 19: a server that wants a core gets three quarters of it


def die_with_parent(parent: int) -> None:
    """Have Linux end this process when its parent ends, however that comes about.

    parent: its process id; when it has ended already, this process ends at once.
    """
    import ctypes

    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        return  # another system: the worker ends when its connection closes
    if os.getppid() != parent:
        os._exit(1)


def die_first() -> None:
    """Have Linux end this process, rather than the server, when the machine is out of memory."""
    try:
        Path("/proc/self/oom_score_adj").write_text(_FIRST, encoding="ascii")
    except OSError:
        return


def step_back(nice: int) -> None:
    """Let the server, which answers everybody, go before this process where both want a core.

    nice: how far, 0 (not at all) … 19.
    """
    try:
        os.nice(nice)
    except (OSError, AttributeError):
        return


@cache
def keep_little_memory() -> None:
    """Have glibc hand larger pieces of memory back as soon as they are free; a no-op elsewhere.

    Left alone it raises its thresholds to the size of what is freed, up to 32 MB, and then keeps
    pictures and arrays among smaller things, in a heap for every few threads: a server had 182 MB
    instead of 134 after 50 visitors.
    """
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE)
    except (OSError, AttributeError, TypeError):
        return


def give_memory_back() -> None:
    """Return freed memory to the system, which glibc keeps unless asked; a no-op elsewhere."""
    import ctypes

    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return


def address_space() -> int:
    """Bytes that a worker may map: never more than the machine has."""
    try:
        return min(ADDRESS_SPACE, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (OSError, ValueError):
        return ADDRESS_SPACE


def limit_resources() -> None:
    """No core file, no file written, bounded memory and descriptors, where there are limits."""
    try:
        import resource
    except ImportError:
        return
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_AS, address_space()),
    ):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(what, (value, value))
        except (ValueError, OSError):
            continue  # not on this platform
