"""A little of `make fuzz`, so that it keeps working."""

from __future__ import annotations

import pytest

from odt_core.worker import link as client
from tests.faults import damage, fuzz


@pytest.fixture(autouse=True)
def _usual_deadline(monkeypatch):
    for name in ("CALL_SECONDS", "RUN_SECONDS"):  # which a fuzzer shortens
        monkeypatch.setattr(client, name, getattr(client, name))


@pytest.mark.parametrize(
    ("kind", "cases"), [("models", 6), ("checkpoints", 200), ("workspaces", 5)]
)
def test_fuzz_when_files_are_damaged_then_finds_nothing(capsys, kind, cases):
    assert fuzz.main(["--only", kind, "--cases", str(cases), "--minutes", "5"]) == 0
    printed = capsys.readouterr().out
    assert f"{kind}: {cases} cases" in printed
    assert "0 findings" in printed


def test_fuzz_when_something_else_than_an_odt_error_comes_out_then_names_the_seed(
    capsys, monkeypatch
):
    def broken(seed: int) -> damage.Case:
        if seed == 11:
            raise KeyError("format")
        return damage.Case("refused")

    monkeypatch.setattr(damage, "checkpoint", broken)
    assert fuzz.main(["--only", "checkpoints", "--cases", "4", "--seed", "10"]) == 1
    assert "checkpoints, seed 11: KeyError: 'format'" in capsys.readouterr().out


def test_damage_when_a_workspace_gives_back_something_else_then_is_found(tmp_path, monkeypatch):
    fill = damage._fill
    monkeypatch.setattr(damage, "_fill", lambda *given: {name: b"other" for name in fill(*given)})
    with pytest.raises(AssertionError, match="something else"):
        damage.workspace(tmp_path, 1)
