"""What the operating system keeps a worker from doing."""

from __future__ import annotations

ADDRESS_SPACE = 4 * 2**30  # bytes; enough for any model this project accepts
OPEN_FILES = 64


def give_memory_back() -> None:
    """Return freed memory to the system, which glibc keeps unless asked; a no-op elsewhere."""
    import ctypes

    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return


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
        (resource.RLIMIT_AS, ADDRESS_SPACE),
    ):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(what, (value, value))
        except (ValueError, OSError):
            continue  # not on this platform
