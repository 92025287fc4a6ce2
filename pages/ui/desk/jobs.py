"""Long work in the background: a thread of its own, progress, stop, and results that stay.

Every tab sees a desk's jobs, and their results stay as long as the desk does, those of studies with
the workspace. None of them touches Streamlit; pages look at `Job.look` when they like.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from odt_core.errors import OdtError, TrainingError
from odt_core.workspace import Workspace
from pages.ui.desk.kept_studies import keep_study, kept_study
from pages.ui.desk.state import State

_log = logging.getLogger("odt.jobs")
_TELLING = 0.1  # of the way, from where on the rest can be judged by it
_SOON = 20.0  # seconds in which a job that was asked to end has ended
_UNEXPECTED = (
    "Something unexpected went wrong. Run it again; if that does not help, the server's log says "
    "more."
)


@dataclass(frozen=True)
class Look:
    """What a page may see of a job; immutable."""

    running: bool
    stopping: bool
    share: float  # 0..1 of the way
    doing: str
    result: Any
    error: str
    about: object  # equal as long as the result is about the same model and samples
    seconds: float  # since it began

    @property
    def seconds_left(self) -> float | None:
        """By the way that is behind; None while that is too short to tell."""
        if self.share < _TELLING:
            return None
        return self.seconds * (1 - self.share) / self.share


class Job:
    """One piece of work. Thread-safe."""

    def __init__(self, about: object) -> None:
        self._about = about
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._over = threading.Event()
        self._share, self._doing = 0.0, "starting"
        self._began = time.monotonic()
        self._result: Any = None
        self._error = ""

    @classmethod
    def finished(cls, about: object, result: Any) -> Job:
        """One that is over already."""
        job = cls(about)
        job._result = result
        job._over.set()
        return job

    def look(self) -> Look:
        """The state just now."""
        with self._lock:
            return Look(
                running=not self._over.is_set(),
                stopping=self._stop.is_set(),
                share=self._share,
                doing=self._doing,
                result=self._result,
                error=self._error,
                about=self._about,
                seconds=time.monotonic() - self._began,
            )

    def stop(self) -> None:
        """Ask it to end soon."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Block until it is over; False when it is not in time."""
        return self._over.wait(seconds)

    def stopped(self) -> bool:
        """For the work: whether it was asked to end."""
        return self._stop.is_set()

    def progressed(self, share: float, doing: str) -> None:
        """For the work: how far it is."""
        with self._lock:
            self._share, self._doing = min(1.0, max(0.0, share)), doing

    def run(self, work: Callable[[Job], Any]) -> None:
        """Do the work; what it raises is kept as words."""
        try:
            result = work(self)
            with self._lock:
                self._result = result
        except OdtError as error:
            with self._lock:
                self._error = "" if self._stop.is_set() else str(error)
        except Exception:
            _log.exception("a job failed")
            with self._lock:
                self._error = _UNEXPECTED
        finally:
            self._over.set()


class HasJobs(State):
    """The part of a desk that does long work beside everything else."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._starting = threading.Lock()

    def _forget(self) -> None:
        super()._forget()
        self._jobs: dict[str, Job] = {}

    def job(self, name: str) -> Job | None:
        """The job of that name, running or over, be it before the server was started again."""
        jobs = self._jobs  # these: `_forget` may begin with others meanwhile
        if name not in jobs and (kept := kept_study(self.workspace, name)) is not None:
            jobs.setdefault(name, Job.finished(*kept))
        return jobs.get(name)

    def result_of(self, name: str, about: object) -> Any:
        """The result of the job of that name, where it is about the present; None otherwise."""
        job = self.job(name)
        look = job.look() if job is not None else None
        return look.result if look is not None and look.about == about else None

    def start_job(self, name: str, about: object, work: Callable[[Job], Any]) -> Job:
        """Begin, unless it is running already. One at a time for a person: they all want the core.

        Raises TrainingError when another one runs.
        """
        with self._starting:
            for other, job in list(self._jobs.items()):
                if job.look().running:
                    if other == name:
                        return job
                    raise TrainingError(
                        f"{other.capitalize()} is still running. Wait for it, or stop it first."
                    )
            job = self._jobs[name] = Job(about)

        def kept(job: Job) -> Any:
            result = work(job)
            keep_study(self.workspace, name, about, result)
            return result

        threading.Thread(target=job.run, args=(kept,), name=f"odt-{name}", daemon=True).start()
        return job

    @contextmanager
    def _without_jobs(self, what: str) -> Iterator[None]:
        """Stop what runs, and let nothing begin meanwhile. To be entered before the desk's lock,
        for which a job may be waiting. TrainingError when one does not end.
        """
        with self._starting:
            for name, job in list(self._jobs.items()):
                job.stop()
                if not job.wait(_SOON):
                    raise TrainingError(
                        f"{name.capitalize()} is still stopping. Wait until it has ended, then "
                        f"{what}."
                    )
            yield
