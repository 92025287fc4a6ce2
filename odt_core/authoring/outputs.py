"""What a Keras model gives, as the outputs of a signature that only predicts."""

from __future__ import annotations

import re
from typing import Any

from odt_core.authoring.backend import keras
from odt_core.authoring.names import each_once


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
    named = each_once(re.sub(r"\W", "_", name) for name in names)
    return dict(zip(named, (output for _, output in found), strict=True))
