"""Undo and redo: showing an earlier manifest again."""

from dataclasses import replace

from odt_core.errors import WorkspaceError
from odt_core.workspace import changes
from odt_core.workspace.disk import failure
from odt_core.workspace.revisions import Revision
from odt_core.workspace.store import Store


class CanTravel(Store):
    """The part of a workspace that takes steps back and does them again."""

    @property
    def undo_step(self) -> str | None:
        """What undo would undo, in words, or None when there is nothing."""
        present = self._history.present
        return present.step if self._history.get(present.undo) else None

    def steps_done(self) -> list[str]:
        """What the person did, in words, newest first: everything that undo could take back."""
        found, revision = [], self._history.present
        while (before := self._history.get(revision.undo)) is not None:
            found.append(revision.step)
            revision = before
        return found

    @property
    def redo_step(self) -> str | None:
        """What redo would do again, in words, or None when there is nothing."""
        target = self._history.get(self._history.present.redo)
        return target.step if target else None

    def undo(self) -> str:
        """Take the last step back; returns what it was. WorkspaceError when there is none."""
        with self._changing():
            present = self._history.present
            target = self._history.get(present.undo)
            if target is None:
                raise WorkspaceError("There is nothing to undo.")
            self._travel(target, undo=target.undo, redo=present.number)
            return present.step

    def redo(self) -> str:
        """Do an undone step again; returns what it was. WorkspaceError when there is none."""
        with self._changing():
            present = self._history.present
            target = self._history.get(present.redo)
            if target is None:
                raise WorkspaceError("There is nothing to redo.")
            self._travel(target, undo=present.number, redo=target.redo)
            return target.step

    def _travel(self, target: Revision, *, undo: int | None, redo: int | None) -> None:
        present = self._history.present
        try:
            names = self._disk.names(self._folder / "checkpoints")
        except OSError as error:
            raise failure(error) from error
        exists = {name.removesuffix(".safetensors") for name in names}
        manifest = changes.travelled(present.manifest, target.manifest, exists)
        self._history.commit(
            replace(
                target, manifest=manifest, undo=undo, redo=redo, next_number=present.next_number
            )
        )
