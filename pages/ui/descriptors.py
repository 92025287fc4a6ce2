"""How many files and connections this process may still open: each visitor takes six."""

from __future__ import annotations

import os
import resource

_ENOUGH = 65_536  # where the system sets no limit, or one that it would not keep
_SPARE = 4  # one in so many is for those who are there, and for pages that are being loaded


def allow_many() -> None:
    """As many as the system lets this process have: what it begins with, mostly 1,024, is used up
    by 170 visitors.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if most == resource.RLIM_INFINITY else min(most, _ENOUGH)
    if now != resource.RLIM_INFINITY and now < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        except (ValueError, OSError):
            return  # not on this platform


def few_left() -> bool:
    """Whether newcomers would take those that the people who are there need."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        used = len(os.listdir("/dev/fd"))
    except FileNotFoundError:
        return False  # this system does not tell
    except OSError:
        return True  # not even this could be opened
    return limit != resource.RLIM_INFINITY and (limit - used) * _SPARE < limit
