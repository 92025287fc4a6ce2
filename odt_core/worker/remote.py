"""A model in a process of its own: what happens to that process happens to nobody else."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from odt_core.checkpoint.progress import Progress
from odt_core.dialects.contract import Choice, Contract, OutputKind
from odt_core.errors import (
    CheckpointError,
    ModelError,
    SettingsError,
    TrainingError,
    WorkerError,
)
from odt_core.kinds import check_kind
from odt_core.runtime.checks import as_array
from odt_core.runtime.profile import Profile
from odt_core.runtime.scores import answers
from odt_core.samples import Labels, check_samples
from odt_core.training.events import Event
from odt_core.training.settings import Settings
from odt_core.worker.link import Link
from odt_core.worker.protocol import Message
from odt_core.worker.turns import turns
from odt_core.worker.wire import pack_progress, pack_samples, unpack_description, unpack_profile

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Samples

Which = Literal["own", "base"]


class Worker:
    """Face of a worker process. Every method may be called from any thread; when the process is
    gone, each raises WorkerError. Use it as a context manager, or call `close`.
    """

    def __init__(
        self, link: Link, name: str, card: ModelCard | None, loaded: Message, confined: bool
    ) -> None:
        """confined: whether odt's filter in the kernel keeps the process from the network, and from
        what else odt_core.worker.seccomp names.
        """
        self._link = link
        self.name = name
        self.card = card
        self.confined = confined
        self.sha256: str = loaded.body["sha256"]
        self.description = unpack_description(loaded.body["description"])
        self.contract = Contract.from_json(loaded.body["contract"])
        self.own = RemoteSession(self, "own")
        self.base = RemoteSession(self, "base")
        self._finalizer = weakref.finalize(self, link.close)
        self._finalizer.atexit = False  # the system closes the connection, which ends the process

    @classmethod
    def start(
        cls,
        model: bytes,
        card: ModelCard | None = None,
        name: str = "model.tflite",
        choice: Choice | None = None,
        meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Worker:
        """Start a process and load the model in it.

        choice: how a person corrected what the signatures are for. meanwhile: entered by whoever
        waits for the process, so that a server can let others work in that time. Raises ModelError
        when the model cannot be loaded, SignatureError when it cannot be used as chosen,
        WorkerError when loading kills the process.
        """
        check_kind(model, bytes, "A worker's model comes as the bytes of a .tflite", ModelError)
        link = Link(meanwhile)
        try:
            # Asked before the process has a model, which could make it say anything.
            confined: bool = link.call("confined").body["confined"]
            loaded = link.call(
                "load",
                {
                    "name": name,
                    "card": card.to_json() if card else None,
                    "choice": choice.to_json() if choice else None,
                },
                {"model": np.frombuffer(model, np.uint8)},
            )
            return cls(link, name, card, loaded, confined)
        except BaseException:
            link.close()
            raise

    # --- the session's face ---------------------------------------------------------------------

    def infer(self, x: np.ndarray, which: Which = "own") -> np.ndarray:
        """What Session.infer gives; also answered between the steps of a running fit."""
        return self.scores(x, which)[0]

    def bottlenecks(self, x: np.ndarray) -> np.ndarray:
        """What Session.bottlenecks gives, to be kept in the samples' place."""
        x = as_array(x, "samples")
        if self.contract.are_features(x.shape):  # already: no trip to the process
            return x
        return self._link.call("bottlenecks", {}, {"x": x}).arrays["features"]

    def predict_proba(
        self, x: np.ndarray, labels: Labels | None = None, which: Which = "own"
    ) -> np.ndarray:
        """What Session.predict_proba gives. labels: default the card's."""
        scores, kind = self.scores(x, which)
        labels = labels or (self.card.labels if self.card else None)
        return answers(scores, kind, self.contract, labels)

    def state(self, which: Which = "own") -> dict[str, np.ndarray]:
        """A copy of all variables."""
        return dict(self._link.call("state", {"which": which}).arrays)

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all variables of the own session; CheckpointError when they do not fit."""
        wanted = "A state comes as arrays by name, such as checkpoint.state"
        check_kind(state, Mapping, wanted, CheckpointError)
        self._link.call("load_state", {}, state)

    def reset(self) -> None:
        """The own session's variables back to what is in the file."""
        self._link.call("reset")

    def bake(
        self, *, inference_only: bool = False, which: Which = "own", labels: Labels | None = None
    ) -> bytes:
        """A .tflite that starts with a session's weights: see Session.bake."""
        names = None if labels is None else labels.names
        body = {"which": which, "inference_only": inference_only, "labels": names}
        return self._link.call("bake", body).arrays["model"].tobytes()

    def profile(self, batch: int) -> Profile:
        """Where the time of a train step goes, measured in the worker: see profile_step."""
        return unpack_profile(self._link.call("profile", {"batch": batch}).body)

    @cached_property
    def features_of_a_sample(self) -> int | None:
        """As Model's; asked for once."""
        found: int | None = self._link.call("features_of_a_sample").body["features"]
        return found

    @property
    def uninitialised(self) -> bool:
        """Whether the own session's variables hold nothing yet (Session.uninitialised)."""
        return self._is_uninitialised("own")

    @cached_property
    def base_uninitialised(self) -> bool:
        """Whether the model's file holds no weights: the base model cannot answer."""
        return self._is_uninitialised("base")

    def _is_uninitialised(self, which: Which) -> bool:
        return bool(self._link.call("uninitialised", {"which": which}).body["uninitialised"])

    def run(
        self, signature: str, which: Which = "own", **inputs: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Any signature by name."""
        body = {"signature": signature, "which": which}
        return dict(self._link.call("run", body, inputs).arrays)

    def scores(self, x: np.ndarray, which: Which = "own") -> tuple[np.ndarray, OutputKind]:
        """What `infer` gives, and what kind of numbers: judged by them where names do not tell."""
        return self._scores(x, which)[0]

    def both_scores(
        self, x: np.ndarray
    ) -> tuple[tuple[np.ndarray, OutputKind], tuple[np.ndarray, OutputKind]]:
        """`scores` of the base and of the own session, in one trip to the process."""
        base, own = self._scores(x, "base", "own")
        return base, own

    def _scores(self, x: np.ndarray, *which: Which) -> list[tuple[np.ndarray, OutputKind]]:
        answer = self._link.call("infer", {"which": which}, {"x": as_array(x, "samples")})
        return [(answer.arrays[one], OutputKind(answer.body["kinds"][one])) for one in which]

    # --- training -------------------------------------------------------------------------------

    def fit(
        self,
        samples: Samples,
        settings: Settings | None = None,
        *,
        test: Samples | None = None,
        replay: Samples | None = None,
        base_test: Samples | None = None,
        start: Progress | None = None,
        on_event: Callable[[Event], None],
        autosave_seconds: float | None = 5.0,
    ) -> None:
        """Start training the own session and return at once.

        autosave_seconds: between two checkpoints (Autosave); None: none, not at the end either.
        on_event is called on the worker's reader thread, with Ended or Failed last, exactly once;
        it must be quick and must not call the worker. When more workers train than there are cores,
        they take turns; Waiting says so. Raises TrainingError when a run is going on, SampleError
        or SettingsError for samples or settings that are none.
        """
        check_samples(samples, "samples to train on")
        for what, others in (("test", test), ("replay", replay), ("base_test", base_test)):
            if others is not None:
                check_samples(others, f"{what} samples")
        if settings is not None:
            check_kind(settings, Settings, "Settings come as odt.Settings(...)", SettingsError)
        if start is not None:
            check_kind(start, Progress, "'start' of fit comes as odt.Progress", TrainingError)
        body: dict[str, Any] = {
            "settings": settings.to_json() if settings else None,
            "autosave_seconds": autosave_seconds,
            "threads": max(1, turns.cores // 2),  # the others are the server's and other runs'
        }
        arrays: dict[str, np.ndarray] = {}
        for key, group in (
            ("samples", samples),
            ("test", test),
            ("replay", replay),
            ("base_test", base_test),
        ):
            pack_samples(key, group, body, arrays)
        pack_progress(start, body, arrays)
        self._link.start_run(Message("fit", 0, body, arrays), on_event)

    @property
    def training(self) -> bool:
        """Whether a run is going on (paused ones included)."""
        return self._link.running

    def pause(self) -> None:
        """Wait before the next step."""
        self._link.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self._link.resume()

    def stop(self) -> None:
        """End the run after the step that is running."""
        self._link.call("stop")

    # --- life -----------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether the process still answers."""
        return self._link.alive

    @property
    def pid(self) -> int:
        """Process id."""
        return self._link.pid

    def close(self) -> None:
        """End the process; may be called twice."""
        self._link.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RemoteSession:
    """One of a worker's two sessions, with the names that a Session has."""

    def __init__(self, worker: Worker, which: Which) -> None:
        self._worker = weakref.ref(worker)
        self.which: Which = which

    @property
    def contract(self) -> Contract:
        """What each signature of the model is for."""
        return self._owner().contract

    def infer(self, x: np.ndarray) -> np.ndarray:
        """What Session.infer gives."""
        return self._owner().infer(x, self.which)

    def predict_proba(self, x: np.ndarray, labels: Labels | None = None) -> np.ndarray:
        """What Session.predict_proba gives. labels: default the card's."""
        return self._owner().predict_proba(x, labels, self.which)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all variables."""
        return self._owner().state(self.which)

    def _owner(self) -> Worker:
        worker = self._worker()
        if worker is None:
            raise WorkerError("The model's process was closed. Start it again to go on.")
        return worker
