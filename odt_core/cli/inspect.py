"""`inspect`: what a .tflite is and what odt makes of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from typing import Any

from odt_core.cli.command import Command, Result
from odt_core.cli.sources import add_model, open_model


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)


def _run(options: Namespace) -> Result:
    from odt_core.graph.runtimes import version_of

    model = open_model(options)
    description = model.description
    assert model.path is not None  # open_model reads files alone
    return {
        "name": model.name,
        "sha256": model.sha256,
        "bytes": model.path.stat().st_size,
        "bytes_as_it_runs": description.size,
        "trainable": model.contract.trainable,
        "features": model.features_of_a_sample,
        "contract": model.contract.to_json(),
        "labels": list(model.labels.names),
        "signatures": [
            {
                "name": signature.name,
                "inputs": [_tensor(tensor) for tensor in signature.inputs],
                "outputs": [_tensor(tensor) for tensor in signature.outputs],
            }
            for signature in description.signatures
        ],
        "variables": [
            {**_tensor(variable), "bytes": variable.bytes} for variable in description.variables
        ],
        "operators": dict(description.operators),
        "rewritten": dict(Counter(rewrite.op for rewrite in description.rewrites)),
        "missing": [missing.message for missing in description.missing],
        "needs": description.needs,
        "min_runtime_version": version_of(description.runtime),
        "notes": list(model.contract.notes),
    }


def _tensor(tensor: Any) -> dict[str, Any]:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}


def _text(result: Result) -> str:
    runs = result["bytes_as_it_runs"]
    size = f"{result['bytes']:,} bytes"
    size += f" (as it runs here: {runs:,} bytes)" if runs != result["bytes"] else ""
    lines = [
        f"{result['name']}  {size}  sha256 {result['sha256'][:12]}…",
        "can be trained" if result["trainable"] else "cannot be trained",
    ]
    lines.append(result["needs"])
    if result["features"] is not None:
        lines.append(f"frozen layers run once a sample and give {result['features']:,} numbers")
    lines += ["", "signatures"]
    for signature in result["signatures"]:
        inputs = ", ".join(_named(tensor) for tensor in signature["inputs"])
        outputs = ", ".join(_named(tensor) for tensor in signature["outputs"])
        lines.append(f"  {signature['name']}({_short(inputs)}) -> {_short(outputs)}")
    total = sum(variable["bytes"] for variable in result["variables"])
    lines += ["", f"variables  {len(result['variables'])}, {total:,} bytes"]
    lines += [f"  {_named(variable)}" for variable in result["variables"]]
    if result["rewritten"]:
        ops = ", ".join(f"{op} ×{count}" for op, count in sorted(result["rewritten"].items()))
        lines += ["", f"rewritten from TensorFlow ops to builtin ones: {ops}"]
    if result["notes"]:
        lines += ["", *result["notes"]]
    return "\n".join(lines)


def _named(tensor: dict[str, Any]) -> str:
    shape = ", ".join("any" if size is None else str(size) for size in tensor["shape"])
    return f"{tensor['name']} {tensor['dtype']} [{shape}]"


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "…"


COMMAND = Command(
    name="inspect",
    summary="what a .tflite is: signatures, variables, what was rewritten, what is missing",
    description="Show what a .tflite is and what odt makes of it. Nothing is run or changed.",
    example="example: python -m odt_core inspect assets/models/digits.tflite",
    arguments=_arguments,
    run=_run,
    text=_text,
)
