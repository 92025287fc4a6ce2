"""`lower`: a .tflite with TensorFlow ops becomes one that runs on plain LiteRT."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odt_core.cli.command import Command, Result
from odt_core.cli.output import check_output, write_model
from odt_core.cli.sources import MODEL_HELP, find_model
from odt_core.errors import SettingsError

if TYPE_CHECKING:
    from odt_core.graph import CheckpointSignature


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="IN.tflite", help=MODEL_HELP)
    parser.add_argument("output", metavar="OUT.tflite", help="where to write the new model")
    parser.add_argument(
        "--size",
        metavar="INPUT=N,N",
        action="append",
        default=[],
        help="fix the sizes that an input leaves open after its first, the batch: of images "
        "[?, ?, ?, 3] named x, --size x=64,64 (height, width); of sequences, --size x=128. The new "
        "model takes samples of that size alone. `inspect` tells where training needs it",
    )


def _run(options: Namespace) -> Result:
    from odt_core.graph import lower
    from odt_core.graph.files import read_model_file
    from odt_core.runtime.file_notes import of_no_signatures, of_quantisation

    source, output = find_model(options.model), Path(options.output)
    check_output(output, source)
    original = read_model_file(source)
    lowered = lower(original, _sizes(options.size))
    description = lowered.describe()
    write_model(output, lowered.data)
    return {
        "output": str(output),
        "bytes": len(lowered.data),
        "bytes_before": len(original),
        "changed": lowered.data != original,
        "signatures": [signature.name for signature in description.signatures],
        "rewritten": [vars(rewrite) for rewrite in lowered.report],
        "missing": [{**vars(gap), "message": gap.message} for gap in lowered.missing],
        "checkpoints": [_checkpoint(form) for form in lowered.checkpoints],
        "flex_ops": list(description.flex_ops),
        "notes": [*of_no_signatures(description), *of_quantisation(description)],
        "needs": description.needs,
    }


def _sizes(given: Sequence[str]) -> dict[str, list[int]]:
    """What --size says; SettingsError where it cannot be read."""
    sizes = {}
    for text in given:
        name, _, numbers = text.rpartition("=")
        try:
            sizes[name] = [int(number) for number in numbers.split(",")]
        except ValueError:
            name = ""
        if not name:
            raise SettingsError(
                f"--size {text} says no size. Write INPUT=N or INPUT=N,N, such as x=64,64."
            )
    return sizes


def _checkpoint(form: CheckpointSignature) -> dict[str, Any]:
    return {
        "signature": form.signature,
        "kind": form.kind,
        "tensors": [tensor.name for tensor in form.tensors],
    }


def _text(result: Result) -> str:
    lines = [
        f"{result['output']}  {result['bytes']:,} bytes (before: {result['bytes_before']:,})",
        f"signatures: {', '.join(result['signatures']) or 'none'}",
        result["needs"],
    ]
    if not result["changed"]:
        lines.append("It runs on plain LiteRT as it is: nothing had to be rewritten.")
    lines += result["notes"]
    counts = Counter((rewrite["op"], rewrite["signature"]) for rewrite in result["rewritten"])
    if counts:
        lines += ["", "rewritten from TensorFlow ops to builtin ones"]
        lines += [
            f"  {op} ×{count} in '{signature}'" for (op, signature), count in sorted(counts.items())
        ]
    for form in result["checkpoints"]:
        verb = "returns" if form["kind"] == "save" else "takes"
        tensors = ", ".join(form["tensors"])
        lines.append(f"'{form['signature']}' {verb} tensors instead of a file's path: {tensors}")
    if result["missing"]:
        lines += ["", "missing; the signatures named here were left out"]
        lines += [f"  {gap['message']}" for gap in result["missing"]]
    return "\n".join(lines)


COMMAND = Command(
    name="lower",
    summary="rewrite a .tflite with TensorFlow (Flex) ops so that it runs on plain LiteRT",
    description=(
        "Rewrite the TensorFlow (Flex) ops of a .tflite into builtin ones and write the result to\n"
        "another file. Says what was rewritten, and what is missing: op, signature, node, advice.\n"
        "That is no failure: the file with the other signatures is written, and --json `missing`\n"
        "names what is not in it."
    ),
    example="example: python -m odt_core lower model.tflite lowered.tflite",
    arguments=_arguments,
    run=_run,
    text=_text,
)
