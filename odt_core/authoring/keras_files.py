"""Reading Keras models from .keras and .h5 files, without running code that they may carry."""

from __future__ import annotations

from pathlib import Path

from odt_core.authoring.backend import keras
from odt_core.errors import AuthoringError, line_of
from odt_core.files import is_file
from odt_core.kinds import path_of

_WANTED = (
    "A model comes as a keras.Model of Keras 3 (those of tf_keras are of Keras 2), or as the path "
    "of a .keras or .h5 file"
)
# Keras writes compile()'s short names into a .h5 and does not find their losses when it reads them.
_SHORT = ("bce", "kld", "mae", "mape", "mse", "msle")
_LOSSES = {name: keras.losses.get(name) for s in _SHORT for name in (s, s.upper())}


def load_keras_model(
    source: keras.Model | str | Path, *, safe_mode: bool = True, compiled: bool = True
) -> keras.Model:
    """The model itself, or the one in a .keras or .h5 file.

    safe_mode: refuse Lambda layers, whose Python code would run when the file is read.
    compiled: read the file's loss and optimiser too; without them its model can only predict.
    Raises AuthoringError when the file is missing, damaged or unsafe, or when it is neither.
    """
    if isinstance(source, keras.Model):
        return source
    path = path_of(source, _WANTED, AuthoringError)
    if path.suffix.lower() not in (".keras", ".h5", ".hdf5"):
        raise AuthoringError(f"{path.name} is no Keras model. Choose a .keras or .h5 file.")
    if not is_file(path, AuthoringError):
        raise AuthoringError(f"There is no file {path}.")
    try:
        return keras.saving.load_model(
            path, custom_objects=_LOSSES, compile=compiled, safe_mode=safe_mode
        )
    except Exception as error:  # Keras raises whatever the file's content leads it to
        if "Lambda" in str(error) and safe_mode:
            raise AuthoringError(
                f"{path.name} has a Lambda layer, which carries Python code that would run on this "
                "machine. Replace it by a Keras layer; or, if you wrote the file yourself, pass "
                "safe_mode=False."
            ) from error
        raise AuthoringError(
            f"Keras cannot read {path.name}: {line_of(error)[:200].rstrip('.')}. "
            f"Save it again as .keras: model.save('{path.stem}.keras')."
        ) from error
