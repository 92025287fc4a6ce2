"""A filter in the kernel that keeps a worker from the network, from files and from processes.

A model can make LiteRT do anything, once it has found a hole in it. The worker needs next to
nothing of the system: memory, threads, the time, its one connection, and to read code that is not
imported yet. The filter refuses the calls below with EPERM, for good: no process can take a filter
off again. Linux on x86-64 and ARM64. See seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

# Numbers on x86-64 and on ARM64, which lacks the older calls: asm/unistd_64.h, asm-generic/unistd.h
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the network; the worker's own connection is open already
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # programs and other processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "setsid": (112, 157),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    # what reaches the user's other processes: signals (kill and tgkill to the worker's own, and
    # those of fcntl and ioctl, are seen to below), priorities, System V's and POSIX' shared memory,
    # semaphores and queues
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # files: what changes them by name (opening for writing is refused below)
    "creat": (85, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "open_by_handle_at": (304, 265),
    # the system itself, and ways around this filter
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "setrlimit": (160, 164),
}
# Refused as if the kernel did not know them, so that the C library uses the calls they replace,
# whose arguments a filter can see.
_UNKNOWN = {"clone3": (435, 435), "openat2": (437, 437)}

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_OPEN = (2, None)
_OPENAT = (257, 56)
_CLONE = (56, 220)
_KILL = (62, 129)
_TGKILL = (234, 131)
_PRLIMIT = (302, 261)
_FCNTL = (72, 25)
_IOCTL = (16, 29)
# What has the kernel signal another process when a file is ready: F_SETOWN, F_SETSIG, F_SETOWN_EX;
# FIOSETOWN, SIOCSPGRP, FIOASYNC.
_FCNTL_REFUSED = (8, 10, 15)
_IOCTL_REFUSED = (0x8901, 0x8902, 0x5452)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000  # x86-64's other numbering of the same calls

# Opcodes of a classic BPF program, and what it can return (linux/bpf_common.h, linux/seccomp.h).
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _END = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x00050001, 0x00050026
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2


def install() -> bool:
    """Put the filter on this process and all its later threads; False where that is impossible."""
    machine = _ARCHITECTURES.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        return False
    program = _program(*machine)
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    given = Program(len(program) // 8, ctypes.addressof(code))
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return prctl(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(given), 0, 0) == 0


def _program(column: int, architecture: int) -> bytes:
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_EQUAL, architecture, 1, 0),
        _line(_RETURN, _END),
        _line(_LOAD, _NUMBER),
        _line(_AT_LEAST, _X32, 0, 1),
        _line(_RETURN, _EPERM),
    ]
    for group, answer in ((_REFUSED, _EPERM), (_UNKNOWN, _ENOSYS)):
        for numbers in group.values():
            lines += _when(numbers[column], [_line(_RETURN, answer)])
    lines += _when(_OPEN[column], _either(1, _ANY_BIT, _WRITES, _EPERM, _ALLOW))
    lines += _when(_OPENAT[column], _either(2, _ANY_BIT, _WRITES, _EPERM, _ALLOW))
    lines += _when(_CLONE[column], _either(0, _ANY_BIT, _CLONE_THREAD, _ALLOW, _EPERM))
    for number in (_KILL[column], _TGKILL[column]):  # abort() may end the process itself
        lines += _when(number, _either(0, _EQUAL, os.getpid(), _ALLOW, _EPERM))
    lines += _when(_PRLIMIT[column], _if_null(2))  # limits may be read
    lines += _when(_FCNTL[column], _unless_one_of(1, _FCNTL_REFUSED))
    lines += _when(_IOCTL[column], _unless_one_of(1, _IOCTL_REFUSED))
    lines.append(_line(_RETURN, _ALLOW))
    return b"".join(lines)


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One struct sock_filter."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _when(number: int | None, body: list[bytes]) -> list[bytes]:
    """`body`, which returns, for one call."""
    return [] if number is None else [_line(_EQUAL, number, 0, len(body)), *body]


def _argument(index: int, high: bool = False) -> bytes:
    return _line(_LOAD, _ARGUMENTS + 8 * index + (4 if high else 0))


def _either(index: int, test: int, value: int, then: int, otherwise: int) -> list[bytes]:
    """Return `then` where an argument passes a test (_EQUAL or _ANY_BIT), else `otherwise`."""
    return [
        _argument(index),
        _line(test, value, 0, 1),
        _line(_RETURN, then),
        _line(_RETURN, otherwise),
    ]


def _unless_one_of(index: int, values: Sequence[int]) -> list[bytes]:
    left = range(len(values), 0, -1)  # comparisons from each on: so far is it to the refusal
    return [
        _argument(index),
        *(_line(_EQUAL, value, many, 0) for value, many in zip(values, left, strict=True)),
        _line(_RETURN, _ALLOW),
        _line(_RETURN, _EPERM),
    ]


def _if_null(index: int) -> list[bytes]:
    return [
        _argument(index),
        _line(_EQUAL, 0, 0, 2),
        _argument(index, high=True),
        _line(_EQUAL, 0, 1, 0),
        _line(_RETURN, _EPERM),
        _line(_RETURN, _ALLOW),
    ]
