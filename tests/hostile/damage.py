"""Ways to damage a file: hypothesis strategies of bytes."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, head: int = 64) -> bytes:
    """`whole` with one to four small damages, half of them within the first `head` bytes."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        within = min(head, len(data)) if draw(st.booleans()) else len(data)
        at = draw(st.integers(0, max(0, within - 1)))
        kind = draw(st.sampled_from(["byte", "bit", "cut", "insert", "number", "repeat", "drop"]))
        if not data:
            break
        if kind == "byte":
            data[at] = draw(st.integers(0, 255))
        elif kind == "bit":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del data[at:]
        elif kind == "insert":
            data[at:at] = draw(st.binary(max_size=12))
        elif kind == "number":  # sizes, offsets and counts are often four bytes
            edge = draw(st.sampled_from([0, 1, 0x7F, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
            data[at : at + 4] = edge.to_bytes(4, draw(st.sampled_from(["little", "big"])))
        elif kind == "repeat":
            data[at:at] = data[at : at + draw(st.integers(1, 40))]
        else:
            del data[at : at + draw(st.integers(1, 40))]
    return bytes(data)


def anything(*wholes: bytes, head: int = 64) -> st.SearchStrategy[bytes]:
    """Damaged copies of whole files, for the most part, and some bytes out of nowhere."""
    return st.one_of(*(damaged(whole, head) for whole in wholes), st.binary(max_size=300))
