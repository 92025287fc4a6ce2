"""CRC-32C (Castagnoli; RFC 3720, appendix B.4), and the masked form that TensorFlow stores."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reflected
_LANE = 1024  # bytes that one lane takes when many are computed side by side


def masked_crc32c(data: bytes | memoryview) -> int:
    """Rotated right by 15 bits plus a constant: what LevelDB stores, as CRCs of CRCs are weak."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes | memoryview) -> int:
    """The checksum of `data`, 0..2**32 - 1.

    The CRC without its two inversions is linear, so `data` is cut into lanes whose CRCs are
    computed side by side and then joined: crc(a + b) = shift(crc(a), len(b)) ^ crc(b).
    """
    values = np.frombuffer(data, np.uint8)
    lanes = len(values) // _LANE
    crc = 0xFFFFFFFF
    if lanes > 1:
        head = values[: lanes * _LANE].reshape(lanes, _LANE)
        sums = np.zeros(lanes, np.uint32)
        table = _table()
        for column in np.ascontiguousarray(head.T):
            sums = table[(sums ^ column) & 0xFF] ^ (sums >> 8)
        shift = _shift_tables()
        for lane in sums.tolist():
            crc = lane ^ _apply(shift, crc)
        values = values[lanes * _LANE :]
    rows = _table().tolist()
    for value in values.tolist():
        crc = rows[(crc ^ value) & 0xFF] ^ (crc >> 8)
    return int(crc) ^ 0xFFFFFFFF


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@lru_cache(maxsize=1)
def _shift_tables() -> list[list[int]]:
    """Four tables (a byte of the CRC each) that advance a CRC over a lane of zeros."""
    table = _table()
    places = np.array([[0], [8], [16], [24]], np.uint32)
    shifted = np.arange(256, dtype=np.uint32) << places
    for _ in range(_LANE):
        shifted = table[shifted & 0xFF] ^ (shifted >> 8)
    return [[int(value) for value in row] for row in shifted]


def _apply(tables: list[list[int]], crc: int) -> int:
    return (
        tables[0][crc & 0xFF]
        ^ tables[1][(crc >> 8) & 0xFF]
        ^ tables[2][(crc >> 16) & 0xFF]
        ^ tables[3][crc >> 24]
    )
