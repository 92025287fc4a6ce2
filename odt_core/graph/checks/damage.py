"""What is said of a .tflite whose parts do not fit together."""

from __future__ import annotations

from odt_core.errors import ModelError


def damaged(what: str) -> ModelError:
    """The error for a file that has `what`."""
    return ModelError(f"The .tflite is damaged: it has {what}. Copy or convert it again.")


def demand(condition: bool, what: str) -> None:
    """ModelError unless the condition holds."""
    if not condition:
        raise damaged(what)
