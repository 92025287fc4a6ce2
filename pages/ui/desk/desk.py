"""The desk of one open workspace, put together from its parts."""

from __future__ import annotations

import contextlib
import threading

from odt_core.bundled import bundled_models
from odt_core.errors import OdtError
from odt_core.workspace import Workspace
from pages.ui import prepared, thumbs
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.desk.after_runs import HasAfterRuns
from pages.ui.desk.jobs import HasJobs
from pages.ui.desk.tf_checkpoints import HasTfCheckpoints
from pages.ui.turns import Urgency, turn

_WAIT = 0.3  # seconds, in which the browser draws: server and browser may share two cores


class Desk(HasAfterRuns, HasTfCheckpoints, HasJobs):
    """One open workspace. Made by `pages.ui.desks.Desks`.

    All tabs of a person share one desk. Its methods may be called from any thread; none of them
    touches Streamlit. The head checkpoint of the workspace is the truth about "your model": before
    the worker answers for it, the worker is brought there.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._warmed: object = None  # what was warmed up for: `_moment`
        self._warm_at: object = None  # the same, once it is over
        if workspace.manifest.model is None:
            self.choose_bundled(bundled_models()[0].stem)

    def erase(self) -> None:
        """Everything that a person brought or made here goes, from the disk and from memory; the
        model stays. Nothing brings it back. Raises TrainingError, WorkspaceError.
        """
        what = "delete everything"
        self._check_idle(what)
        with self._without_jobs(what), self._lock:
            self._check_idle(what)
            self._end_worker()  # it has seen samples, and holds what was learnt
            gone = self.workspace.erase()
            prepared.forget(gone)
            thumbs.forget(gone)
            self._forget()
            self.run = None

    def warm_up(self) -> None:
        """Do in the background what answers and training would otherwise have to wait for."""
        moment = self._moment
        if self._warmed != moment:
            self._warmed = moment
            timer = threading.Timer(_WAIT, self._warm)
            timer.daemon = True
            timer.start()

    def learns_scores(self) -> bool:
        """Whether the warm-up is still to find figures that the first page shows of the run."""
        run = self.shown_run()
        if self._warm_at == self._moment or run is None or run.phase.active:
            return False
        return bool(run.evaluations) and not self.scores_known(run.evaluations[-1])

    @property
    def _moment(self) -> tuple[int, bool]:
        """Equal as long as there is nothing new to do ahead."""
        return self.workspace.revision, self.busy

    def _warm(self) -> None:
        moment, model = self._moment, self.model
        with contextlib.suppress(OdtError), turn(Urgency.AHEAD):
            self.near_test()  # a page in which they are needed says what is wrong with them
            self.leak()
        try:
            with contextlib.suppress(OdtError), turn(Urgency.AHEAD):
                self.worker()  # whoever needs it next gets the error
                base_test_of(self.card)
                replay_of(self.card)
                self.samples(None)
                self._learn_scores()
                self.learn_what_is_known()
        except Exception:
            if self.model == model:
                raise  # else another was chosen meanwhile, and this was about half of each
        finally:
            self._warm_at = moment

    def _learn_scores(self) -> None:
        run = self.shown_run()
        if run is None or run.phase.active or not run.evaluations:
            return
        name, prepared = self.tests()
        self._score_base(name, prepared.samples)
        if self.workspace.manifest.head is not None:
            for name, samples in self.test_sets():
                self.scores(samples, name)
