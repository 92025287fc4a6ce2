"""Writes the table of ops that odt lowers, one a line in OPS.md and by groups in the README:
python -m odt_core.graph.ops_table.

It needs the repository: how an op is tested is read from the tests that name it.
"""

from __future__ import annotations

import re
from pathlib import Path

from odt_core.graph.checkpoint_ops import FORGOTTEN, RESTORE, SAVE
from odt_core.graph.loops.tensor_lists import _RULES as LIST_OPS
from odt_core.graph.rules import RULES
from odt_core.graph.rules.registry import SINCE

_ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("OPS.md")

_HEAD = """# TensorFlow ops that odt lowers

What a Flex op becomes is written in [rules/](rules), each rule's mathematics and source in its
docstring. "Tested by" names the tests that run the rule on LiteRT against the real op of TensorFlow
on the same inputs; ops without an entry are compared inside whole models only, step by step with
real Flex (tests/graph/test_graph_oracle.py). This file is generated:
`python -m odt_core.graph.ops_table`.

| op | since | rule | tested by |
|---|---|---|---|
"""


README = _ROOT / "README.md"
_BEGIN, _END = "<!-- ops: generated -->\n", "<!-- /ops -->\n"

# (op, since, where its rule is, tests)
Row = tuple[str, str, str, str]


def table() -> str:
    """The text of OPS.md."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows())


def readme() -> str:
    """The README with the ops by groups in it."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in _rows():
        groups.setdefault((row[2], row[1]), []).append(row)
    lines = ["| ops | since | how tested against TensorFlow's own |", "|---|---|---|"]
    for (_, since), rows in sorted(groups.items()):
        tests = sorted({test for row in rows for test in row[3].split(", ") if test})
        how = ", ".join(tests) or "inside whole models (test_graph_oracle.py)"
        lines.append(f"| {', '.join(row[0] for row in rows)} | {since} | {how} |")
    text = README.read_text("utf-8")
    before, rest = text.split(_BEGIN)
    return before + _BEGIN + "\n".join(lines) + "\n" + _END + rest.split(_END)[1]


def _rows() -> list[Row]:
    tests = {
        path.name: set(re.findall(r"\w+", path.read_text("utf-8")))
        for path in sorted((_ROOT / "tests" / "graph").glob("test_rules_*.py"))
    }
    rows: list[Row] = []
    for op in sorted(RULES):
        home = RULES[op].__module__.rsplit(".", 1)[-1]
        short = re.sub("^Resource(Sparse)?Apply|^UnsortedSegment", "", op)
        named = [name for name, words in tests.items() if op in words]
        if not named and short != op:  # parametrised over the optimisers' own names
            home_test = f"test_rules_{home}.py"
            named = [home_test] if short in tests.get(home_test, ()) else []
        if not named and home == "elementwise":  # parametrised over the rule's own table
            named = ["test_rules_arithmetic.py"]
        rows.append((op, SINCE[op], f"{home}.py", ", ".join(named)))
    for op in sorted(LIST_OPS):
        rows.append((op, "0.2", "../loops/tensor_lists.py", "test_graph_unroll.py"))
    for op in sorted(SAVE | RESTORE | FORGOTTEN):
        rows.append((op, "0.1", "../checkpoint_ops.py", "test_graph_oracle.py"))
    return rows


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
    README.write_text(readme(), "utf-8")
