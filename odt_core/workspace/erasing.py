"""Erasing: what a person brought and made goes for good, from the disk and from memory."""

import contextlib
from dataclasses import replace

from odt_core.errors import WorkspaceError
from odt_core.words import count
from odt_core.workspace import changes, pictures
from odt_core.workspace.disk import FullError
from odt_core.workspace.manifest import Manifest
from odt_core.workspace.store import COUNTED, FEATURES, Store
from odt_core.workspace.words import new_ids


class CanErase(Store):
    """The part of a workspace that can be emptied without a way back."""

    def erase(self) -> frozenset[str]:
        """No samples, the model's own labels, the base model, no checkpoints, runs or undo steps.

        The model itself stays, those chosen before it do not. All the rest has left the disk when
        this returns, what only undo could have shown too. Returns the digests of the samples that
        there were. Raises WorkspaceError: either nothing has changed, but that a full disk may have
        cost the steps to undo; or, "still on the disk", a file could not be removed, which is tried
        again whenever the workspace opens.
        """
        with self._changing() as manifest:
            gone = frozenset(name.split(".")[0] for name in self._files("samples"))
            bare = changes.emptied(manifest, new_ids())
            bare = replace(bare, checkpoints=(), runs=(), hidden=frozenset(), models=())
            self._write_down(bare)
            pictures.THUMBNAILS.forget(gone)
            self.collect_garbage()
            self.missing = frozenset()
            keep = self._named_files()
            left = [
                name
                for folder in (*COUNTED, FEATURES)
                for name in self._files(folder)
                if f"{folder}/{name}" not in keep
            ]
            if left:
                raise WorkspaceError(
                    f"Everything is erased, but {count(len(left), 'file')} could not be deleted: "
                    "still on the disk. They go when this workspace is opened next; ask whoever "
                    "runs the server."
                )
            return gone

    def _write_down(self, bare: Manifest) -> None:
        """Make `bare` all that there is; on a full disk, what goes in any case makes room first."""
        with contextlib.suppress(FullError):
            self._history.forget_steps(bare)
            return
        self._history.drop_earlier()
        self.collect_garbage()
        for name in self._files(FEATURES):
            self._disk.remove(self._folder / FEATURES / name)
        try:
            self._history.forget_steps(bare)
        except FullError as error:
            raise WorkspaceError(
                "The disk is so full that not even this can be written down. Nothing is erased but "
                "the steps to undo. Ask whoever runs the server to free space, then try again."
            ) from error

    def _files(self, folder: str) -> list[str]:
        return list(self._disk.names(self._folder / folder))
