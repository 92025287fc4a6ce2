"""What every part of a desk stands on: the workspace, the lock, and whether a run is active."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from odt_core.checkpoint import Tempering
from odt_core.errors import TrainingError
from odt_core.samples import Labels
from odt_core.workspace import Kind, ModelEntry, Workspace
from pages.ui.run import Phase, Run, UnsavedEnd
from pages.ui.turns import PatientLock, RightOfWay


def newest(kept: dict, key: object, value: object, limit: int = 8) -> dict:
    """`kept` with one more entry, the oldest beyond `limit` dropped."""
    return dict([*kept.items(), (key, value)][-limit:])


class State:
    """One open workspace and its run."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._run: tuple[object, Run] | None = None  # of which file, and the run
        self.used = time.monotonic()  # when somebody last opened it, or asked the model
        self.tabs: set[str] = set()  # ids of those that showed it; some may be closed
        self.chosen_label = ""  # id of the one chosen last in any tab: a page loaded anew has it
        self._lock = PatientLock()
        self._right_of_way = RightOfWay()  # of answers, before what asks many checkpoints
        self._forget()

    def _forget(self) -> None:
        """Begin with nothing known of what a person brought or made here: each part says what it
        keeps of that.
        """

    @property
    def model(self) -> ModelEntry:
        """The model that is being personalised."""
        model = self.workspace.manifest.model
        assert model is not None
        return model

    @property
    def run(self) -> Run | None:
        """The run that is active, else the last one of the model that is being personalised, since
        this desk was opened.
        """
        if self._run is None:
            return None
        file, run = self._run
        return run if run.phase.active or file == self._file else None

    @run.setter
    def run(self, run: Run | None) -> None:
        self._run = None if run is None else (self._file, run)

    @property
    def unsaved_end(self) -> UnsavedEnd | None:
        """What the last run made and could not be saved."""
        return None if self.run is None else self.run.unsaved

    @property
    def _file(self) -> object:
        model = self.workspace.manifest.model
        return None if model is None else (model.bundled, model.sha256)

    @property
    def labels(self) -> Labels:
        """The enabled labels at the model's outputs."""
        return self.workspace.labels()

    @property
    def trained(self) -> bool:
        """Whether your model is another one than the base model."""
        return self.workspace.manifest.head is not None or self.busy

    @property
    def temperature(self) -> Tempering | None:
        """What your model's scores are divided by; None: nothing, or the weights are moving."""
        entry = None if self.busy else self.workspace.manifest.head_entry
        return entry.info.temperature if entry else None

    @property
    def busy(self) -> bool:
        """Whether a run is active."""
        return self.run is not None and self.run.phase.active

    @property
    def paused(self) -> bool:
        """Whether a run is active and waits before its next step."""
        return self.run is not None and self.run.phase is Phase.PAUSED

    @property
    def training_is(self) -> str:
        """ "Training is running", or that it is paused."""
        return f"Training is {'paused' if self.paused else 'running'}"

    @property
    def of_a_label(self) -> str:
        """ " of a label" where the model's samples have some, for sentences that count samples."""
        return " of a label" if self.tells_labels else ""

    @contextmanager
    def changing(self, what: str) -> Iterator[Workspace]:
        """The workspace, for what would change the model or the samples of a training that is
        active: that is refused. what: the change, in words. TrainingError.
        """
        with self._lock:
            self._check_idle(what)
            yield self.workspace

    def _check_idle(self, what: str) -> None:
        if self.busy:
            raise TrainingError(f"{self.training_is}. Stop it first, then {what}.")

    def _save_before(self, why: str) -> None:
        """An automatic checkpoint before something destructive, when there is something to lose."""
        entry = self.workspace.manifest.head_entry
        if entry is not None and entry.info.kind.automatic:
            data = self.workspace.checkpoint_bytes(entry.id)
            self.workspace.add_checkpoint(data, entry.copied(Kind.BEFORE, why))
