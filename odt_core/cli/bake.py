"""`bake`: a model and a checkpoint become one .tflite."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from odt_core.cli.command import Command, Result
from odt_core.cli.output import check_output, write_model
from odt_core.cli.sources import add_model, find_model, labels_of, open_checkpoint, open_model


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "checkpoint", metavar="CHECKPOINT", help="a .safetensors file that this model's train wrote"
    )
    parser.add_argument("output", metavar="OUT.tflite", help="where to write the new model")
    parser.add_argument(
        "--inference-only",
        action="store_true",
        help="keep only the signature that predicts: smaller, faster, cannot be trained further",
    )
    parser.add_argument(
        "--signature", metavar="NAME", help="which signature predicts, where that is not clear"
    )


def _run(options: Namespace) -> Result:
    from odt_core.baking import bake
    from odt_core.errors import SignatureError
    from odt_core.graph import describe

    output = Path(options.output)
    if options.signature and not options.inference_only:
        raise SignatureError("--signature is for --inference-only; otherwise all signatures stay.")
    check_output(output, find_model(options.model), Path(options.checkpoint))
    model = open_model(options)
    checkpoint = open_checkpoint(options.checkpoint, model)
    data = bake(
        model.data,
        checkpoint.state,
        inference_only=options.inference_only,
        signature=options.signature,
        contract=model.contract,
        labels=labels_of(checkpoint, model),
    )
    write_model(output, data)
    description = describe(data)
    return {
        "output": str(output),
        "bytes": len(data),
        "trainable": not options.inference_only and model.contract.trainable,
        "signatures": [signature.name for signature in description.signatures],
        "variables": len(description.variables),
        "operators": dict(description.operators),
        "needs": description.needs,
    }


def _text(result: Result) -> str:
    kind = "can be trained further" if result["trainable"] else "for predictions only"
    return (
        f"{result['output']}  {result['bytes']:,} bytes  {kind}\n"
        f"signatures: {', '.join(result['signatures'])}\n{result['needs']}"
    )


COMMAND = Command(
    name="bake",
    summary="write a .tflite that starts with a checkpoint's weights",
    description=(
        "Put a checkpoint's weights into a .tflite as its initial values. The new file runs on\n"
        "plain LiteRT, without odt, and can be trained further unless --inference-only is given."
    ),
    example=(
        "example: python -m odt_core bake digits own.safetensors own.tflite\n"
        "example: python -m odt_core bake digits own.safetensors small.tflite --inference-only"
    ),
    arguments=_arguments,
    run=_run,
    text=_text,
)
