"""Why a training makes a checkpoint by itself."""

from enum import StrEnum


class Reason(StrEnum):
    """Why an automatic checkpoint is made."""

    START = "start"
    PERIODIC = "periodic"
    BEST = "best"  # best on the test samples so far
    END = "end"
