"""What a checkpoint calls the model's outputs, beside what they are called here: under other names
its answers would be told as what they are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.checkpoint.checkpoint import Checkpoint
from odt_core.errors import CheckpointError
from odt_core.samples import Labels
from odt_core.workspace.names import same_label
from pages.ui.desk.model import HasModel

_Names = tuple[str | None, ...]
_MOST = 3  # labels that are named


class HasCheckpointLabels(HasModel):
    """The part of a desk that knows whether a checkpoint's labels are those of the workspace."""

    def _check_restored(self, checkpoint: Checkpoint) -> None:
        """CheckpointError where a label of its stands at another output here. A label that is
        merely called otherwise may have been renamed since.
        """
        ours = self._ours()
        moved = [
            (their, our)
            for their, our in _differing(self._theirs(checkpoint), ours)
            if any(name is not None and same_label(their, name) for name in ours)
        ]
        _refuse("This checkpoint", moved)

    def _check_uploaded(self, checkpoint: Checkpoint, file: str) -> None:
        """CheckpointError where an output has another label here, or none that it could be given
        (`_take_labels`).
        """
        theirs, ours = self._theirs(checkpoint), self._ours()
        _refuse(f"'{file}'", _differing(theirs, ours))
        free = [k for k, our in enumerate(ours) if our is None]
        new = [k for k in free if theirs[k] is not None]
        if new != free[: len(new)] or (new and self.model.unnamed and len(free) < len(ours)):
            listed = ", ".join(f"'{name}'" for name in theirs if name is not None)
            raise CheckpointError(
                f"'{file}' was trained with labels that are not there: '{theirs[new[0]]}'. Add "
                f"labels until there are these, in this order: {listed}."
            )

    def _take_labels(self, checkpoint: Checkpoint) -> None:
        """Give the outputs that have no label here those that it was trained with."""
        theirs, ours = self._theirs(checkpoint), self._ours()
        new = [their for their, our in zip(theirs, ours, strict=True) if their and our is None]
        if new and self.model.unnamed:
            self.name_labels([their or "" for their in theirs])
        else:
            for name in new:
                self.workspace.add_label(name, theirs)

    def _theirs(self, checkpoint: Checkpoint) -> _Names:
        """By output; None where it does not say."""
        outputs = self.model.outputs
        names = Labels.said(checkpoint.meta.labels, Labels((None,) * len(outputs))).names
        if not self.model.unnamed:
            return names
        return tuple(
            None if name == own else name for name, own in zip(names, outputs, strict=True)
        )

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


def _differing(theirs: _Names, ours: _Names) -> list[tuple[str, str]]:
    """(its name, the name here) of the outputs that have two."""
    both = zip(theirs, ours, strict=True)
    return [(one, other) for one, other in both if one and other and not same_label(one, other)]


def _refuse(what: str, differing: Sequence[tuple[str, str]]) -> None:
    if differing:
        pairs = [f"'{their}' where '{our}' is here" for their, our in differing[:_MOST]]
        raise CheckpointError(
            f"{what} was trained with {', '.join(pairs)}: its answers would bear the wrong names. "
            "Rename your labels so that they fit, then try again."
        )
