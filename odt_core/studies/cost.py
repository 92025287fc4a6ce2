"""What training costs here: time, memory, network and disk, each measured."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.studies.network import NetworkUse, NetworkWatch, process_status
from odt_core.studies.study import OnShare, Stopped, never, unheard
from odt_core.studies.timing import ANSWERS, answer_ms
from odt_core.training.batches import plan_for
from odt_core.training.settings import Settings
from odt_core.words import measured
from odt_core.words import size as in_bytes

if TYPE_CHECKING:
    from odt_core.samples import Samples
    from odt_core.studies.trainer import Trainer


@dataclass(frozen=True)
class Cost:
    """step_ms: median over `steps` steps of `batch_size` samples, which took `seconds` in all: the
    first, in which the runtime gets ready, takes many times as long as another. inference_ms:
    median of `inferences` single answers, transport to the model's process included; None for a
    model that does not predict. peak_memory: bytes, of the process that trains, its code included;
    None where the system does not tell. checkpoint_bytes: the file. weights: the digest of the
    weights that it trained to.
    """

    step_ms: float
    steps: int
    seconds: float
    batch_size: int
    inference_ms: float | None
    inferences: int
    peak_memory: int | None
    network: NetworkUse
    checkpoint_bytes: int
    weights: str
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)


def measure_cost(
    trainer: Trainer,
    samples: Samples,
    settings: Settings,
    *,
    replay: Samples | None = None,
    asked: np.ndarray | None = None,
    progress: OnShare = unheard,
    stopped: Stopped = never,
) -> Cost:
    """Train once from the base and measure. Only a WorkerTrainer's process is confined, and its
    memory that of the model alone. Errors as Trainer.train.

    asked: [N, *input_shape], what answers are timed on; default the samples. To be given where the
    samples are features: an answer begins with a picture.
    """
    from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint

    pid = trainer.pid
    watch = NetworkWatch(pid, confined=trainer.confined)

    def looks() -> bool:
        watch.look()
        return stopped()

    replay = trainer.replayed(settings, replay)
    weights = trainer.train(samples, settings, replay=replay, progress=progress, stopped=looks)
    last = trainer.last
    assert last is not None
    inputs = samples.x if asked is None or not len(asked) else asked
    inference_ms = None
    if trainer.contract.infer is not None:
        inference_ms = answer_ms(trainer.infer, inputs, trainer.contract.whole_numbers)
    watch.look()
    meta = CheckpointMeta(
        model_sha256="0" * 64,
        step=last.steps,
        settings=settings.to_json(),
        seed=settings.seed,
        labels=tuple(samples.labels.names),
    )
    size = len(save_checkpoint(Checkpoint(trainer.state(), meta)))
    plan = plan_for(settings, samples, replay, trainer.contract)
    step_ms = 1000 * float(np.median(np.diff([0.0, *(last.clock or (0.0,))])))
    memory, network = peak_memory(pid), watch.result()
    return Cost(
        step_ms=step_ms,
        steps=last.steps,
        seconds=last.seconds,
        batch_size=plan.own_per_step + plan.replay_per_step,
        inference_ms=inference_ms,
        inferences=0 if inference_ms is None else ANSWERS,
        peak_memory=memory,
        network=network,
        checkpoint_bytes=size,
        weights=weights,
        sentence=_sentence(step_ms, last.steps, last.seconds, inference_ms, memory, network, size),
    )


def peak_memory(pid: int) -> int | None:
    """The most memory that a process ever had resident, bytes; None where not known."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", process_status(pid), re.MULTILINE)
    return 1024 * int(found[1]) if found else None


def _sentence(
    step: float,
    steps: int,
    seconds: float,
    inference: float | None,
    memory: int | None,
    network: NetworkUse,
    size: int,
) -> str:
    told = [f"{measured(step, 1)} ms a step (median of {steps:,}; {measured(seconds)} s in all)"]
    if inference is not None:
        told.append(f"{measured(inference, 1)} ms an answer")
    if memory is not None:
        told.append(f"{memory / 1e6:.0f} MB of memory at most")
    told.append(f"a checkpoint of {in_bytes(size)}")
    return f"{', '.join(told)}. {network.sentence}"
