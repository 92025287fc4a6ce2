"""What a checkpoint calls the model's outputs, beside what they are called here: under other names
its answers would be told as what they are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.checkpoint.checkpoint import Checkpoint
from odt_core.errors import CheckpointError
from odt_core.samples import Labels
from odt_core.samples.labels import same_label
from pages.ui.desk.model import HasModel

_Names = tuple[str | None, ...]
_MOST = 3  # labels that are named


class HasCheckpointLabels(HasModel):
    """The part of a desk that knows whether a checkpoint's labels are those of the workspace."""

    def _check_restored(self, checkpoint: Checkpoint) -> None:
        """CheckpointError where a label of its stands at another output here. A label that is
        merely called otherwise may have been renamed since.
        """
        _refuse("This checkpoint", _moved(self._theirs(checkpoint), self._ours()))

    def _labels_brought(self, checkpoint: Checkpoint, file: str) -> dict[int, str | None]:
        """What an uploaded checkpoint calls the outputs that have no label here, None those that
        had none there either; empty where it brings no label. CheckpointError where an output has
        another label here, or a label of its stands at another output.
        """
        theirs, ours = self._theirs(checkpoint), self._ours()
        _refuse(f"'{file}'", _differing(theirs, ours) or _moved(theirs, ours))
        said = self._said(checkpoint)
        free = [k for k, our in enumerate(ours) if our is None]
        if not any(theirs[k] for k in free):
            return {}
        return {k: theirs[k] for k in free if theirs[k] or said[k] is None}

    def _theirs(self, checkpoint: Checkpoint) -> _Names:
        """By output; None where it does not say, or says the number of one that nobody named."""
        names = self._said(checkpoint)
        if not self.model.unnamed:
            return names
        return tuple(
            None if name == own else name
            for name, own in zip(names, self.model.outputs, strict=True)
        )

    def _said(self, checkpoint: Checkpoint) -> _Names:
        nothing = Labels((None,) * len(self.model.outputs))
        return Labels.said(checkpoint.meta.labels, nothing).names

    def _ours(self) -> _Names:
        """By output; None where nobody has named it or has samples of it."""
        if not self.model.unnamed:
            return self.output_names
        manifest = self.workspace.manifest
        used = {sample.label for sample in manifest.samples}
        held = {label.output for label in manifest.labels if label.id in used}
        return tuple(
            None if name == own and k not in held else name
            for k, (name, own) in enumerate(zip(self.output_names, self.model.outputs, strict=True))
        )


def _differing(theirs: _Names, ours: _Names) -> list[tuple[str, str | None]]:
    """(its name, the name here) of the outputs that have two."""
    both = zip(theirs, ours, strict=True)
    return [(one, other) for one, other in both if one and other and not same_label(one, other)]


def _moved(theirs: _Names, ours: _Names) -> list[tuple[str, str | None]]:
    """(its name, the name here or None) of the outputs whose name stands at another one here."""
    return [
        (their, our)
        for their, our in zip(theirs, ours, strict=True)
        if their is not None
        and not (our is not None and same_label(their, our))
        and any(name is not None and same_label(their, name) for name in ours)
    ]


def _refuse(what: str, differing: Sequence[tuple[str, str | None]]) -> None:
    if differing:
        named = [(their, f"'{our}'" if our else "no label") for their, our in differing[:_MOST]]
        pairs = [f"'{their}' where {our} is here" for their, our in named]
        raise CheckpointError(
            f"{what} was trained with {', '.join(pairs)}: its answers would bear the wrong names. "
            "Rename your labels so that they fit, then try again."
        )
