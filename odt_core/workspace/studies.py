"""What studies found, kept so that a restart does not cost their trainings again.

studies/<name>.json, as long as there are samples. What is in it is the business of whoever keeps
it. It can be found out again, so that one that is missing is no damage.
"""

from odt_core.errors import WorkspaceError
from odt_core.workspace.disk import failure
from odt_core.workspace.store import STUDIES, Store


class HasStudies(Store):
    """The part of a workspace that keeps what studies found."""

    def study(self, name: str) -> bytes | None:
        """What was kept under that name last; None where there is nothing."""
        try:
            return self._disk.read(self._folder / STUDIES / f"{name}.json")
        except OSError:
            return None

    def keep_study(self, name: str, data: bytes) -> None:
        """Keep it in place of what was kept under that name. Raises WorkspaceError."""
        if len(data) > self.limits.study_bytes:
            raise WorkspaceError("What the study found is too large to be kept.")
        with self._changing():
            path = self._folder / STUDIES / f"{name}.json"
            self._make_room(len(data))
            try:
                path.parent.mkdir(0o700, exist_ok=True)  # workspaces of an older odt have none
            except OSError as error:
                raise failure(error) from error
            before = self._disk.size(path) or 0
            self._disk.write({path: data})
            self._stored += len(data) - before
