"""What the loaded model is: card, contract, signatures, variables, and its cost measured here."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import streamlit as st

from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.say import count, plain, size

_RUNS = 30  # single inferences that are timed
_COST = "model_cost"


def card_of(desk: Desk) -> None:
    """What people should know about it."""
    card = desk.card
    pieces.heading(card.name, "bundled" if desk.model.bundled else "uploaded")
    pieces.note(card.summary)
    named = [name for name in card.labels.names if name is not None]
    free = len(card.labels.names) - len(named)
    pieces.table(
        ("", ""),
        [
            ("Labels", f"{', '.join(named[:20])}{' …' if len(named) > 20 else ''}"),
            ("Free outputs", str(free)),
            ("Input", f"`{_shape(card.input_shape)}"),
            ("Preprocessing", card.preprocessing.kind),
            ("Trained on", card.trained_on),
            ("Source", card.source),
            ("Licence", card.licence),
            ("SHA-256", f"`{desk.worker().sha256[:24]}…"),
        ],
    )


def contract_of(desk: Desk) -> None:
    """The dialect that was found."""
    contract = desk.worker().contract
    pieces.heading("How odt uses it", "dialect found")
    rows = []
    for role in contract.train:
        batch = "any batch" if role.batch is None else f"batch {role.batch}"
        rows.append(
            (
                "Trains with",
                f"`{role.signature}({role.samples}, {role.labels}) → {role.loss}",
                batch,
            )
        )
    if contract.infer:
        infer = contract.infer
        kind = infer.kind.value
        rows.append(
            ("Predicts with", f"`{infer.signature}({infer.samples}) → {infer.prediction}", kind)
        )
    rows.append(
        ("Learning rate", f"`{contract.learning_rate}" if contract.learning_rate else "fixed", "")
    )
    rows.append(("Whole state", "readable and writable" if contract.state else "not reachable", ""))
    pieces.table(("", "", ""), rows)
    for note in contract.notes:
        pieces.note(note)


def cost_of(desk: Desk) -> None:
    """Milliseconds and megabytes on this machine."""
    pieces.heading("Cost", "measured on this machine, one thread")
    worker = desk.worker()
    rows = [("File as it runs here", size(worker.description.size))]
    steps = desk.run.snapshot().records if desk.run else ()
    if len(steps) > 1:
        each = 1000 * (steps[-1].seconds - steps[0].seconds) / (len(steps) - 1)
        rows.append(("A training step of the last run", f"{each:.2f} ms, measuring included"))
    memory = _resident(worker.pid)
    if memory:
        rows.append(("Memory of the model's process", size(memory)))
    if st.button("Time an answer", key="measure", disabled=desk.busy):
        x = np.zeros((1, *desk.card.input_shape), np.float32)
        took = []
        for _ in range(_RUNS):
            began = time.perf_counter()
            worker.infer(x, "base")
            took.append(time.perf_counter() - began)
        st.session_state[_COST] = (desk.model.key, 1000 * median(took))
    known = st.session_state.get(_COST)
    if known and known[0] == desk.model.key:
        rows.append(("An answer, way to the process included", f"{known[1]:.2f} ms"))
    pieces.table(("", ""), rows)


def signatures_of(desk: Desk) -> None:
    """Every signature with inputs and outputs, and what became of TensorFlow ops."""
    description = desk.worker().description
    pieces.heading("Signatures", count(len(description.signatures), "signature"))
    pieces.table(
        ("Name", "Takes", "Gives"),
        [
            (f"`{signature.name}", _tensors(signature.inputs), _tensors(signature.outputs))
            for signature in description.signatures
        ],
    )
    if description.rewrites:
        kinds = Counter(rewrite.op for rewrite in description.rewrites)
        became = ", ".join(f"{op} ({n}×)" for op, n in sorted(kinds.items()))
        pieces.note(f"TensorFlow ops rewritten into builtin ones: {became}.")
    else:
        pieces.note("The file holds no TensorFlow (Flex) ops: nothing had to be rewritten.")
    for missing in description.missing:
        st.warning(plain(missing.message))


def variables_of(desk: Desk) -> None:
    """What training changes, optimiser slots included."""
    variables = desk.worker().description.variables
    total = sum(variable.bytes for variable in variables)
    pieces.heading("Variables", f"{len(variables)}, {size(total)}")
    pieces.table(
        ("Name", "Shape", "Type", "Size"),
        [
            (f"`{v.name}", f"`{_shape(v.shape)}", v.dtype, size(v.bytes) if v.bytes else "–")
            for v in variables
        ],
    )


def _tensors(tensors: Sequence) -> str:
    if len(tensors) > 4:
        return f"{len(tensors)} arrays"
    return ", ".join(f"{t.name} {t.dtype}{_shape(t.shape)}" for t in tensors) or "nothing"


def _shape(shape: Sequence[int | None] | None) -> str:
    if shape is None:
        return "[?]"
    return f"[{', '.join('N' if n in (None, -1) else str(n) for n in shape)}]"


def _resident(pid: int) -> int | None:
    """Resident bytes of a process, where the system says so."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
