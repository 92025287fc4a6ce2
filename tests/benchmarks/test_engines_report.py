"""The tables that people read: the right figures in the right places, whatever is missing."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.engines import tables
from benchmarks.engines.public import distance, speedups
from benchmarks.engines.report import in_lines, report

MACHINE = {"processor": "P", "cores": 2, "memory_gb": 8, "python": "3.11"}


def timed(milliseconds: float) -> dict[str, Any]:
    times = {"low": milliseconds, "median": milliseconds, "high": milliseconds}
    return {
        "version": "1",
        "agreement": {"agrees": True},
        "train": times,
        "infer": times,
    }


def cell(odt: float, rival: float) -> dict[str, Any]:
    about = {"network": "mlp", "batch": 32, "threads": 1, "optimiser": "sgd"}
    return {
        "cell": about | {"key": "mlp-b32-t1-sgd"},
        "measured": "now",
        "load": 0.1,
        "engines": {
            "odt": timed(odt),
            "odt_baked": timed(odt / 2),
            "jax_jit": timed(rival),
            "pytorch": {"failed": "its process is gone"},
        },
    }


def public(name: str, odt: float, flex: float) -> dict[str, Any]:
    times = {"odt": {"median": odt}, "flex": {"median": flex}}
    return {"name": name, "batch": 32, "train": times, "same": True}


def test_engines_table_when_one_failed_then_it_is_absent_and_the_fastest_bold():
    text = tables.engines_table([cell(0.1, 0.2)], "train", {"odt": "odt", "jax_jit": "JAX"})
    assert "| odt | **0.1** |" in text
    assert "| JAX | 0.2 |" in text


def test_standings_table_when_a_rival_is_faster_then_the_ratio_is_bold():
    titles = {"odt": "odt", "jax_jit": "JAX"}
    assert "**2.00**" in tables.standings_table([cell(0.4, 0.2)], "train", titles)
    assert "| 0.50 |" in tables.standings_table([cell(0.1, 0.2)], "train", titles)


def test_limit_table_when_step_takes_twice_the_least_time_then_half_is_reached():
    least = 13_090_816 / 100e9 * 1000  # 2·32·(2·784·128 + 3·128·10) at 100 GFLOP/s
    assert "| 50% |" in tables.limit_table([cell(2 * least, 1.0)], 100.0)


def test_figure_when_large_or_small_then_has_no_exponent():
    assert [tables.figure(v) for v in (1234.5, 12.345, 0.012345, 0.0000123)] == [
        "1234",
        "12.3",
        "0.0123",
        "0.0000",
    ]


def test_results_when_written_then_a_cell_has_few_lines_and_all_its_figures() -> None:
    document = {"machine": {}, "cells": [{"load": 0.1, "engines": {"odt": {"losses": [2.0, 1.5]}}}]}
    text = in_lines(document)
    assert text.splitlines() == [
        "{",
        '"machine": {},',
        '"cells": [',
        "{",
        '"load": 0.1,',
        '"engines": {"odt": {"losses": [2.0, 1.5]}}',
        "}",
        "]",
        "}",
    ]
    assert json.loads(text) == document


def test_report_when_nothing_is_measured_then_has_only_the_machine():
    assert "P, 2 cores" in report({"machine": MACHINE, "cells": []})


def test_report_when_a_cell_is_lost_then_names_it_and_by_how_much():
    text = report({"machine": MACHINE, "cells": [cell(0.4, 0.2)]})
    assert "Fastest in 0 of 1 cells. Behind in: mlp-b32-t1-sgd (2.00 of JAX jit)" in text


def test_report_when_models_are_slower_than_flex_then_names_them():
    models = [public("a", 1.0, 3.0), public("b", 2.0, 1.0), {"name": "c", "failed": "no"}]
    text = report({"machine": MACHINE, "cells": [], "public": {"models": models, "batch": 32}})
    assert "2 models, 0.50 to 3.0 times as fast as Flex, median 1.75; slower: b (0.50)." in text
    assert "Failed: c: no." in text


def test_speedups_when_a_job_was_not_timed_then_it_is_left_out():
    assert speedups([public("a", 1.0, 3.0)], "infer") == {}


def test_distance_when_losses_are_large_then_is_relative():
    assert distance([100.0, 0.5], [101.0, 0.5]) == 1 / 101


def test_cell_line_when_an_engine_failed_then_says_why():
    assert "pytorch – (its process is gone)" in tables.cell_line(cell(0.1, 0.2))


def test_starts_when_an_engine_cannot_train_then_its_first_step_is_a_dash() -> None:
    found = {"import_s": 1.0, "load_s": 0.1, "pss_mb": 88.0, "peak_mb": 92.0}
    table = tables.starts_table({"engines": {"tfjs_wasm": found}}, {"tfjs_wasm": "wasm"})
    assert table.splitlines()[-1] == "| wasm | 1.00 | 0.10 | – | 88 | 92 |"
