"""What a Keras model gives, as the outputs of a signature that only predicts."""

from __future__ import annotations

import re
from typing import Any

from odt_core.authoring.backend import keras


def named_outputs(model: keras.Model, given: Any) -> dict[str, Any]:
    """What a model gave, by name: "logits" where it is one; of several the keys of the dict that it
    was built of, else the names of the layers that they come from, numbered where one comes twice.
    """
    found = keras.tree.flatten_with_path(given)
    if len(found) == 1:
        return {"logits": found[0][1]}
    names = model.output_names
    if isinstance(given, dict):
        names = ["_".join(map(str, path)) for path, _ in found]
    named: dict[str, Any] = {}
    for name, (_, output) in zip(names, found, strict=True):
        plain = once = re.sub(r"\W", "_", name)
        number = 1
        while once in named:
            once, number = f"{plain}_{number}", number + 1
        named[once] = output
    return named
