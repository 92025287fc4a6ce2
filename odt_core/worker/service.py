"""The worker's side: answers requests, also between the steps of a running fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from odt_core.bundled import ModelCard
from odt_core.dialects.contract import Choice
from odt_core.errors import OdtError, TrainingError, WorkerError
from odt_core.runtime.model import Model
from odt_core.runtime.session import Session
from odt_core.samples import Labels, Preprocessing
from odt_core.training.callbacks import Autosave, Callback, Reason
from odt_core.training.control import Control
from odt_core.training.events import (
    Ended,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progressed,
    Resumed,
    Saved,
    Started,
    Waiting,
)
from odt_core.training.history import EvaluationRecord, History, Record
from odt_core.training.loop import Run, fit
from odt_core.training.settings import Settings
from odt_core.worker.limits import give_memory_back
from odt_core.worker.protocol import Channel, Message
from odt_core.worker.ready import load_ready
from odt_core.worker.wire import (
    pack_description,
    pack_event,
    pack_profile,
    unpack_progress,
    unpack_samples,
)

EVENTS_EVERY = 0.05  # seconds between two events of step records
ALIVE_EVERY = 0.5  # seconds between two signs of life while many samples are predicted
NO_MEMORY = (
    "The model needs more memory than its process may use. Take smaller batches, fewer samples or "
    "a smaller model."
)
PATIENCE = 0.1  # seconds without a free core that nobody need be told of

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


class Hangup(Exception):  # noqa: N818 (not an error: the owner is done)
    """The owner closed the connection or asked to close."""


class Service:
    """A model, its base and own session, and at most one run."""

    def __init__(self, channel: Channel, confined: bool) -> None:
        """confined: whether the filter of system calls is on this process (seccomp.install)."""
        self._channel, self._confined = channel, confined
        self._model: Model | None = None
        self._sessions: dict[str, Session] = {}
        self._control: WorkerControl | None = None
        self._alive = 0.0  # when the last sign of life was sent
        self.held = False  # whether the run has to wait for its turn
        self._answers: dict[str, Callable[[Message], Answer]] = {
            "confined": lambda message: ({"confined": self._confined}, {}),
            "load": self._load,
            "prepare": self._prepare,
            "infer": self._infer,
            "bottlenecks": self._bottlenecks,
            "state": self._state,
            "load_state": self._load_state,
            "reset": self._reset,
            "run": self._run_signature,
            "bake": self._bake,
            "profile": self._profile,
            "features_of_a_sample": self._features_of_a_sample,
            "uninitialised": self._uninitialised,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "ping": lambda message: ({}, {}),
        }

    def serve(self) -> None:
        """Answer until the owner hangs up."""
        try:
            while True:
                message = self._channel.receive()
                if message.kind == "fit":
                    self._fit(message)
                else:
                    self._answer(message)
                if message.kind == "load" and self._model is not None:
                    self._model.get_ready()  # while nobody waits for it
        except (Hangup, EOFError, OSError):
            return

    def wait(self, seconds: float) -> bool:
        """Whether a message comes in within `seconds`."""
        return self._channel.ready(seconds)

    def serve_pending(self, block: bool) -> None:
        """Answer what has come in; with `block`, wait for at least one message."""
        while block or self._channel.ready():
            block = False
            try:
                self._answer(self._channel.receive())
            except EOFError as error:
                raise Hangup from error

    def emit(self, event: Event) -> None:
        """Tell the owner."""
        self._channel.send(pack_event(event))

    def _answer(self, message: Message) -> None:
        if message.kind == "close":
            raise Hangup
        if message.kind in ("go", "hold"):  # nobody waits for an answer
            self.held = message.kind == "hold"
            return
        try:
            if message.kind == "fit":
                raise TrainingError("Training is already running. Stop it first.")
            answer = self._answers.get(message.kind)
            if answer is None:
                raise WorkerError(f"There is no request '{message.kind}'.")
            body, arrays = answer(message)
            self._channel.send(Message("answer", message.id, body, arrays))
        except OdtError as error:
            self._refuse(message.id, type(error).__name__, str(error))
        except MemoryError:
            self._refuse(message.id, "WorkerError", NO_MEMORY)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            text = f"The request '{message.kind}' failed: {type(error).__name__}: {error}"
            self._refuse(message.id, "WorkerError", text)

    def _refuse(self, number: int, kind: str, text: str) -> None:
        self._channel.send(Message("error", number, {"type": kind, "message": text}))

    # --- requests -------------------------------------------------------------------------------

    def _load(self, message: Message) -> Answer:
        model = load_ready(message.arrays["model"].tobytes(), name=message.body["name"])
        choice = message.body.get("choice")
        if choice is not None:
            model = model.with_choice(Choice.from_json(choice))
        card = message.body.get("card")
        if card is not None:
            model = model.with_card(ModelCard.from_json(card))
        self._model = model
        self._sessions = {}
        give_memory_back()  # rewriting a model takes a few MB for a moment
        return {
            "sha256": model.sha256,
            "description": pack_description(model.description),
            "contract": model.contract.to_json(),
        }, {}

    def _prepare(self, message: Message) -> Answer:
        preprocessing = Preprocessing.from_json(message.body["preprocessing"])
        return {}, {"input": preprocessing.apply(message.arrays["item"])}

    def _loaded(self) -> Model:
        if self._model is None:
            raise WorkerError("No model is loaded.")
        return self._model

    def _session(self, which: str) -> Session:
        model = self._loaded()
        if which not in ("own", "base"):
            raise WorkerError(f"There is no session '{which}'.")
        if which not in self._sessions:
            self._sessions[which] = model.session()
            self._sessions[which].on_each_call(self._tell_alive)
        return self._sessions[which]

    def _tell_alive(self) -> None:
        if time.monotonic() - self._alive >= ALIVE_EVERY:
            self._alive = time.monotonic()
            self._channel.send(Message("alive"))

    def _infer(self, message: Message) -> Answer:
        kinds, scores = {}, {}
        for which in message.body["which"]:
            session = self._session(which)
            scores[which] = session.infer(message.arrays["x"])
            kinds[which] = session.output_kind.value
        return {"kinds": kinds}, scores

    def _bottlenecks(self, message: Message) -> Answer:
        return {}, {"features": self._session("own").bottlenecks(message.arrays["x"])}

    def _state(self, message: Message) -> Answer:
        return {}, self._session(message.body["which"]).state()

    def _load_state(self, message: Message) -> Answer:
        self._refuse_while_training("loaded")
        self._session("own").load_state(message.arrays)
        return {}, {}

    def _reset(self, message: Message) -> Answer:
        self._refuse_while_training("reset")
        self._session("own").reset()
        return {}, {}

    def _run_signature(self, message: Message) -> Answer:
        session = self._session(message.body["which"])
        return {}, session.run(message.body["signature"], **message.arrays)

    def _bake(self, message: Message) -> Answer:
        session = self._session(message.body["which"])
        names = message.body["labels"]
        labels = None if names is None else Labels(tuple(names))
        baked = session.bake(inference_only=bool(message.body["inference_only"]), labels=labels)
        return {}, {"model": np.frombuffer(baked, np.uint8)}

    def _profile(self, message: Message) -> Answer:
        from odt_core.runtime.profiling import profile_step

        found = profile_step(self._loaded(), int(message.body["batch"]))
        return pack_profile(found), {}

    def _features_of_a_sample(self, message: Message) -> Answer:
        return {"features": self._loaded().features_of_a_sample}, {}

    def _uninitialised(self, message: Message) -> Answer:
        return {"uninitialised": self._session(message.body["which"]).uninitialised}, {}

    def _pause(self, message: Message) -> Answer:
        if self._control is not None:
            self._control.pause()
        return {}, {}

    def _resume(self, message: Message) -> Answer:
        if self._control is not None:
            self._control.resume()
        return {}, {}

    def _stop(self, message: Message) -> Answer:
        if self._control is not None:
            self._control.stop()
        return {}, {}

    def _refuse_while_training(self, what: str) -> None:
        if self._control is not None:
            raise TrainingError(f"The model cannot be {what} while it trains. Stop training first.")

    # --- training -------------------------------------------------------------------------------

    def _fit(self, message: Message) -> None:
        reporter = Reporter(self)
        self._control = WorkerControl(self, reporter)
        self.held = True  # until it is told to go
        try:
            samples = unpack_samples("samples", message)
            if samples is None:
                raise TrainingError("There are no samples to train on. Add a few first.")
            settings, every = message.body.get("settings"), message.body["autosave_seconds"]
            fit(
                self._session("own"),
                samples,
                None if settings is None else Settings.from_json(settings),
                [reporter, *([] if every is None else [Autosave(every_seconds=float(every))])],
                test=unpack_samples("test", message),
                replay=unpack_samples("replay", message),
                base_test=unpack_samples("base_test", message),
                start=unpack_progress(message),
                control=self._control,
                base=self._session("base"),
                threads=int(message.body["threads"]),
            )
        except OdtError as error:
            reporter.flush()
            self.emit(Failed(str(error)))
        except MemoryError:
            self.emit(Failed(NO_MEMORY))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reporter.flush()
            self.emit(Failed(f"Training failed: {type(error).__name__}: {error}"))
        else:
            # For checkpoints of a session; here the owner makes them, of what it is told.
            self._session("own").trained = None
            reporter.finish()
        finally:
            self._control = None
            give_memory_back()


class WorkerControl(Control):
    """Looks at the owner's messages before each step; waits while paused or without a core."""

    def __init__(self, service: Service, reporter: Reporter) -> None:
        super().__init__()
        self._service, self._reporter = service, reporter

    def proceed(self) -> bool:
        self._service.serve_pending(block=False)
        told: type[Paused] | type[Waiting] | None = None
        while not self.stopped and (self.paused or self._service.held):
            state = Paused if self.paused else Waiting
            if state is Waiting and told is None and self._service.wait(PATIENCE):
                self._service.serve_pending(block=True)
                continue
            if state is not told:
                self._reporter.flush()  # else the step at which it waits is not the last one told
                self._service.emit(state())
                told = state
            self._service.serve_pending(block=True)
        if told is not None and not self.stopped:
            self._service.emit(Resumed())
        return not self.stopped


class Reporter(Callback):
    """Turns the hooks into events; step records are batched."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._records: list[Record] = []
        self._sent = 0.0
        self._end: Ended | None = None

    def on_train_begin(self, run: Run) -> None:
        self._service.emit(Started(run.step, run.total, run.threads))

    def on_step_end(self, run: Run, record: Record) -> None:
        self._records.append(record)
        if time.monotonic() - self._sent >= EVENTS_EVERY:
            self.flush()

    def on_evaluate(self, run: Run, evaluation: EvaluationRecord) -> None:
        self.flush()
        self._service.emit(Evaluated(evaluation))

    def on_checkpoint(self, run: Run, checkpoint: Any, reason: Reason) -> None:
        self.flush()
        self._service.emit(Saved(checkpoint, reason))

    def on_train_end(self, run: Run, history: History) -> None:
        self.flush()
        self._end = Ended(
            outcome=history.outcome,
            steps=history.steps,
            total=history.total,
            seconds=history.seconds,
            learnt=history.learnt,
            message=history.message,
            progress=history.progress,
        )

    def flush(self) -> None:
        """Send the records that wait."""
        if self._records:
            self._service.emit(Progressed(tuple(self._records)))
            self._records.clear()
        self._sent = time.monotonic()

    def finish(self) -> None:
        """Send the end: the last event of a run, after the last checkpoint."""
        if self._end is not None:
            self._service.emit(self._end)
