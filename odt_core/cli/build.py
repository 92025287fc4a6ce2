"""`build`: a Keras model becomes a .tflite."""

from __future__ import annotations

import logging
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odt_core.cli.command import Command, Result
from odt_core.cli.output import check_output, write_model
from odt_core.errors import AuthoringError
from odt_core.files import is_file


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("keras_file", metavar="KERAS_FILE", help="a .keras or .h5 file")
    parser.add_argument("output", metavar="OUT.tflite", help="where to write the model")
    parser.add_argument(
        "--inference-only", action="store_true", help="only infer; smaller, cannot be trained"
    )


def _run(options: Namespace) -> Result:
    source, output = Path(options.keras_file), Path(options.output)
    if not is_file(source, AuthoringError):
        raise AuthoringError(f"There is no file {source}. Give a .keras or .h5 file.")
    check_output(output, source)
    with _without_warnings():
        from odt_core.authoring import to_inference_tflite, to_trainable_tflite

        convert = to_inference_tflite if options.inference_only else to_trainable_tflite
        data = convert(source)
    write_model(output, data)
    from odt_core.dialects.dialect import propose
    from odt_core.graph import describe

    about = describe(data)
    contract = propose(about.signatures)
    wanted = contract.infer and (contract.trainable or options.inference_only)
    return {
        "output": str(output),
        "bytes": len(data),
        "trainable": contract.trainable,
        "signatures": [signature.name for signature in about.signatures],
        "needs": about.needs,
        "notes": [] if wanted else list(contract.notes),
    }


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keras and TensorFlow warn of what odt sees to itself: of optimisers and of custom gradients
    that a file does not hold.
    """
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _text(result: Result) -> str:
    written = (
        f"{result['output']}  {result['bytes']:,} bytes  "
        f"signatures: {', '.join(result['signatures']) or 'none'}\n{result['needs']}"
    )
    return "\n".join([written, *result["notes"]])


COMMAND = Command(
    name="build",
    summary="turn a Keras model into a trainable .tflite (needs TensorFlow)",
    description="Turn a Keras model (.keras, .h5) into a .tflite that can be trained on a device.",
    example="example: python -m odt_core build model.keras model.tflite",
    arguments=_arguments,
    run=_run,
    text=_text,
)
