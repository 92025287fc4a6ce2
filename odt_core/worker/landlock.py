"""Which files a worker can read at all: Python, its packages and this project's code.

Workspaces, with other visitors' samples, lie outside. Linux 5.13 and later; see landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import platform
import site
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on all architectures
_PR_SET_NO_NEW_PRIVS = 38
_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of rights that each version knows
_NET_RIGHTS = 0b11  # bind and connect TCP, from version 4
_SCOPES = 0b11  # abstract sockets and signals of other processes, from version 6

# What the C library and LiteRT look at: shared libraries, the processor's features, time zones.
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/null",
)


def readable() -> tuple[Path, ...]:
    """What a worker may read: files, and folders with all that is in them.

    Not what `sys.path` holds besides, such as the folder that the server was started in.
    """
    package = Path(__file__).resolve().parents[1]
    project = package.parent  # holds the workspaces too, unless told otherwise
    python = {Path(place).resolve() for place in (*_libraries(), *_packages())}
    outside = sorted(path for path in python if not project.is_relative_to(path))
    return (package, project / "assets", *outside, *map(Path, _SYSTEM))


def _libraries() -> Iterator[str | Path]:
    """Where Python keeps its own modules, those installed for it and what these link to."""
    for key in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield sysconfig.get_path(key)
    yield from site.getsitepackages()
    if site.ENABLE_USER_SITE:
        yield site.getusersitepackages()
    for prefix in (sys.prefix, sys.base_prefix):
        yield Path(prefix, "lib")
        yield Path(prefix, sys.platlibdir)


def _packages() -> Iterator[str]:
    """The packages that have been imported, wherever they are: not all come from Python's own."""
    for name, module in list(sys.modules.items()):
        if "." not in name:
            yield from getattr(module, "__path__", ())


def restrict(paths: Iterable[Path]) -> bool:
    """Let this process and its later threads open nothing but `paths`, and that for reading.

    False where the system has no Landlock; nothing is restricted then. Files that are open stay
    open.
    """
    if platform.system() != "Linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    call = libc.syscall
    call.restype = ctypes.c_long
    version = call(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    every = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    rules = struct.pack("=Q", every)
    if version >= 4:
        rules += struct.pack("=Q", _NET_RIGHTS)
    if version >= 6:
        rules += struct.pack("=Q", _SCOPES)
    ruleset = call(_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    try:
        for path in paths:
            _allow(call, ruleset, path)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return call(_RESTRICT, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(call: ctypes._NamedFuncPointer, ruleset: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine
    try:
        rights = _READ_FILE | (_READ_DIRECTORY if path.is_dir() else 0)
        call(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
