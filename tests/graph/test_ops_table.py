"""The table of lowered ops is true."""

from odt_core.graph.ops_table import README, TABLE, readme, table
from odt_core.graph.rules import RULES


def test_table_when_rules_change_then_is_written_anew():
    assert TABLE.read_text("utf-8") == table(), "run python -m odt_core.graph.ops_table"
    assert README.read_text("utf-8") == readme(), "run python -m odt_core.graph.ops_table"


def test_table_names_every_rule():
    rows = TABLE.read_text("utf-8").splitlines()
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows if row.startswith("| ")} >= set(
        RULES
    )
