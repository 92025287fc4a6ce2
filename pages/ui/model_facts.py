"""What the loaded model is: what it can do, signatures, variables, its cost measured here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from odt_core.runtime.examples import example_inputs
from odt_core.training.history import Record
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.model_words import abilities, what_it_does
from pages.ui.op_words import in_words
from pages.ui.say import count, size
from pages.ui.step_profile import step_profile

_INPUTS = 4  # pictures that answers are timed on
_COST = "model_cost"


def about(desk: Desk) -> None:
    """What the file is and can do, what was rewritten, and what stands in the way."""
    worker, contract = desk.worker(), desk.contract
    description = worker.description
    pieces.heading(desk.model.name, "bundled" if desk.model.bundled else "uploaded")
    if does := what_it_does(desk):
        pieces.note(does)
    lines: list[tuple[bool | None, str]] = [*abilities(contract)]
    kinds = Counter(rewrite.op for rewrite in description.rewrites)
    if kinds:
        total = count(sum(kinds.values()), "TensorFlow op")
        lines.append((True, f"{total} rewritten, so that it runs without TensorFlow."))
    elif not description.missing:
        lines.append((True, "Holds no TensorFlow (Flex) ops: it runs without TensorFlow."))
    lines.append((True, f"As odt writes it, it {description.needs}."))
    gaps = {one.message for one in description.missing}
    for note in dict.fromkeys((*contract.notes, *gaps)):
        if not any(note in text for _, text in lines) and "no signature that predicts" not in note:
            lines.append((False if note in gaps else None, note))
    empty = [v for v in description.variables if not v.has_initial_value]
    if worker.uninitialised and not any("no initial values" in text for _, text in lines):
        lines.append(
            (
                None,
                f"{count(len(empty), 'variable')} of {len(description.variables)} have no values "
                "in the file: restore a checkpoint before you train or try it.",
            )
        )
    if desk.card.never_for:
        lines.append((None, f"Not for: {'; '.join(desk.card.never_for)}."))
    pieces.checks(lines)
    own = not desk.model.bundled and desk.can_train
    if own and st.button("Personalise it", key="go_personalise", type="primary"):
        st.switch_page("pages/personalise.py")
    if kinds:
        pieces.table(
            ("TensorFlow op", "What it does", "Times"),
            [(f"`{op}", in_words(op), str(n)) for op, n in sorted(kinds.items())],
        )


def card_of(desk: Desk) -> None:
    """Where it comes from."""
    card = desk.card
    pieces.heading("Card")
    pieces.note(card.summary)
    understood = desk.is_understood
    rows = [
        *([("Input", f"`{_shape(card.input_shape)}")] if understood else []),
        *(
            (title, text)
            for title, text in (
                ("Trained on", card.trained_on),
                ("Source", card.source),
                ("Licence", card.licence),
            )
            if text != "unknown"
        ),
        ("SHA-256", f"`{desk.worker().sha256[:24]}…"),
    ]
    if understood and (labels := _listed(desk.output_names)):
        file = _listed(card.labels.names)
        rows.insert(
            0, ("Labels", labels if file in ("", labels) else f"{labels} (its own: {file})")
        )
    pieces.table(("", ""), rows)


def _listed(names: Sequence[str | None]) -> str:
    named = [name for name in names if name is not None]
    return f"{', '.join(named[:20])}{' …' if len(named) > 20 else ''}"


def cost_of(desk: Desk) -> None:
    """Milliseconds and megabytes on this machine."""
    pieces.heading("Cost", "measured on this machine")
    worker = desk.worker()
    rows = [("File as it runs here", size(worker.description.size))]
    run = desk.shown_run()
    if run and len(run.records) > 1:
        each = f"{_step_ms(run.records):.2f} ms, measuring included"
        rows.append(("A training step of the last run", each))
    memory = _resident(worker.pid)
    if memory:
        rows.append(("Memory of the model's process", size(memory)))
    answers = desk.can_predict and not worker.uninitialised
    if st.button("Time an answer", key="measure", disabled=desk.busy or not answers):
        st.session_state[_COST] = (desk.model.key, _answer_ms(desk))
    known = st.session_state.get(_COST)
    if known and known[0] == desk.model.key:
        rows.append(("An answer, way to the process included", f"{known[1]:.2f} ms"))
    pieces.table(("", ""), rows)
    step_profile(desk)


def _step_ms(records: Sequence[Record]) -> float:
    """Milliseconds a step, by two or more records, between which steps may be missing."""
    first, last = records[0], records[-1]
    return 1000 * (last.seconds - first.seconds) / (last.step - first.step)


def _answer_ms(desk: Desk) -> float:
    from odt_core.studies.timing import answer_ms  # not before it is asked for

    contract, worker = desk.contract, desk.worker()
    inputs = example_inputs(contract, _INPUTS, np.random.default_rng())
    return answer_ms(lambda one: worker.infer(one, "base"), inputs, contract.whole_numbers)


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
        figures=True,
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
