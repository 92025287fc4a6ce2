"""The model of a workspace and how it is trained: which file, which settings."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from odt_core.errors import ModelError, WorkspaceError
from odt_core.samples import Labels, Preprocessing
from odt_core.words import too_large
from odt_core.workspace import changes, outputs, pictures
from odt_core.workspace.manifest import Manifest, ModelEntry
from odt_core.workspace.names import clean_origin
from odt_core.workspace.store import Store
from odt_core.workspace.words import new_ids


class HasModel(Store):
    """The part of a workspace that knows the model."""

    def model_bytes(self) -> bytes | None:
        """The uploaded .tflite, or None when the model is a bundled one (or there is none)."""
        model = self.manifest.model
        if model is None or model.sha256 is None:
            return None
        data = self._file("models", f"{model.sha256}.tflite", model.sha256)
        if data is None:
            raise ModelError(f"The file of '{model.name}' is missing. Upload the model again.")
        return data

    def set_model(
        self,
        name: str,
        labels: Labels,
        *,
        data: bytes | None = None,
        bundled: str | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        """Another model: an uploaded .tflite (`data`), or the bundled one called `bundled`.

        `name` is what the person reads. `labels` are the model's own. Samples stay (see
        `outputs.with_model`); those that `preprocessing` says it cannot take rest. Your model is
        the base model again. Raises ModelError.
        """
        if (data is None) == (bundled is None):
            raise ModelError("Give either the bytes of a .tflite or the name of a bundled model.")
        if data is not None and len(data) > self.limits.model_bytes:
            raise ModelError(
                f"{too_large(name, len(data), self.limits.model_bytes)}. Use a smaller model."
            )
        self._check_outputs(f"'{name}'", labels)
        sha = None if data is None else pictures.digest(data)
        model = ModelEntry(clean_origin(name) or "model", bundled, sha, labels.names)
        files = {} if data is None else {f"models/{sha}.tflite": data}
        with self._changing() as manifest:
            before = (one for one in manifest.models if one.key == model.key)
            model = replace(next(before, model), name=model.name)  # as it was described then
            if not model.card:
                model = _taking(model, preprocessing)
            changed = self._remembered(outputs.with_model(manifest, model, new_ids()))
            step = f"choose the model '{model.name}'" if manifest.model else ""
            self._commit(changed, step, files=files)

    def choose_again(self, key: str) -> None:
        """An uploaded model that was chosen before (Manifest.models), as it was described then.

        Samples stay, and your model is the base model, as in `set_model`. Raises ModelError.
        """
        with self._changing() as manifest:
            model = next((one for one in manifest.models if one.key == key), None)
            files = self._disk.names(self._folder / "models")
            if model is None or f"{model.sha256}.tflite" not in files:
                raise ModelError("That model is not kept any more. Upload it again.")
            changed = self._remembered(outputs.with_model(manifest, model, new_ids()))
            self._commit(changed, f"choose the model '{model.name}'")

    def _remembered(self, manifest: Manifest) -> Manifest:
        """With as many models chosen before as there is room for, the newest first, and with how
        the last ones were left.
        """
        sizes = self._disk.names(self._folder / "models")
        kept: list[ModelEntry] = []
        room = self.limits.model_bytes
        for model in manifest.models[: self.limits.models_before]:
            size = sizes.get(f"{model.sha256}.tflite")
            if size is None:
                continue  # somebody has removed the file
            room -= size
            if room < 0:
                break
            kept.append(model)
        left = manifest.left[: self.limits.models_left]
        return replace(manifest, models=tuple(kept), left=left)

    def describe_model(
        self,
        labels: Labels,
        *,
        choice: Mapping[str, Any] | None,
        card: Mapping[str, Any] | None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        """The same model with other names of outputs, signatures or input, as said by hand.

        choice, card: JSON objects, or None for what odt itself proposes. preprocessing: how its
        input is made from now on; None: as before. Raises ModelError.
        """
        texts = [_text(choice), _text(card)]
        if sum(map(len, texts)) > self.limits.description_bytes:
            raise ModelError("That is too much text about a model. Shorten the names.")
        self._check_outputs("This model", labels)
        with self._changing() as manifest:
            if manifest.model is None:
                raise ModelError("There is no model yet. Choose one first.")
            model = replace(manifest.model, outputs=labels.names, choice=texts[0], card=texts[1])
            model = _taking(model, preprocessing)
            changed = outputs.with_description(manifest, model, new_ids())
            self._commit(changed, f"describe the model '{model.name}'")

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Other training settings, as JSON values. Several in a row are undone as one."""
        try:
            text = json.dumps(dict(settings), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise WorkspaceError(f"These settings cannot be saved: {error}.") from error
        if len(text) > self.limits.settings_bytes:
            raise WorkspaceError("These settings are too long to be saved. Shorten them.")
        with self._changing() as manifest:
            changed = changes.with_settings(manifest, json.loads(text))
            self._commit(changed, "change the settings", group="settings")

    def reset(self) -> None:
        """No samples, the model's own labels, the base model. Checkpoints and runs stay."""
        with self._changing() as manifest:
            self._commit(changes.emptied(manifest, new_ids()), "empty the workspace")

    def _check_outputs(self, name: str, labels: Labels) -> None:
        if sum(label is not None for label in labels.names) > self.limits.labels:
            raise ModelError(
                f"{name} has {len(labels.names)} outputs; at most {self.limits.labels} labels "
                "can be shown. Use a model with fewer outputs."
            )


def _taking(model: ModelEntry, preprocessing: Preprocessing | None) -> ModelEntry:
    """The model with what its input is made of, where that is said."""
    if preprocessing is None:
        return model
    size = math.prod(preprocessing.shape)
    return replace(model, sees_pictures=preprocessing.kind != "none", input_size=size)


def _text(document: Mapping[str, Any] | None) -> str:
    """Equal documents give equal text; "" for none."""
    try:
        return json.dumps(dict(document), sort_keys=True, allow_nan=False) if document else ""
    except (TypeError, ValueError) as error:
        raise ModelError(f"What was said about the model cannot be saved: {error}.") from error
