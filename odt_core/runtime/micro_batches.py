"""Train steps whose batch comes in parts, small enough for a core's cache.

A step of an image model reads and writes arrays of megabytes, each larger than the cache, so that
it waits for memory most of the time. In micro-batches they stay where they are used next, and each
core can have its own. What is learnt is the same up to the order in which numbers are added; that
order, and how large the parts are, depend on the model and the batch alone, never on a measurement
or the number of threads: the same run gives the same bits. Random numbers, of dropout say, are
drawn for the whole batch first, so that they are the same in parts as without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import numpy as np

from odt_core.graph import GET_STATE, SET_STATE, SignatureDescription
from odt_core.graph.accumulation.accumulation import AHEAD, APPLY, COUNT, GRADIENTS
from odt_core.runtime.interpreter import Interpreter
from odt_core.runtime.rows import Rows

# Numbers (float32) in the largest array of a part: 0.6 MB, with what is made of it in a cache of 1.
CACHED = 150_000
# How many numbers a part must go through for each weight, whose gradient is summed over the parts.
WORTH = 14
# A batch is summed up in so many runs of parts, then these: so many cores can share it, no more.
LANES = 4

Arrays = Mapping[str, np.ndarray | Rows]
Sums = dict[str, np.ndarray]
Result = TypeVar("Result")


def micro_batch(count: int, step: SignatureDescription, weights: int) -> int | None:
    """How many samples of a batch of `count` come at a time, the same in all parts; None where the
    batch had better stay whole.

    step: the train signature. weights: how many numbers it changes, an optimiser's not counted.
    """
    if count * step.largest <= CACHED:  # also where nothing is known
        return None
    most = min(max(1, CACHED // step.largest), count // LANES)
    size = next((size for size in range(most, 0, -1) if count % size == 0), 0)
    return size if 2 * size > most and size * step.work >= WORTH * weights else None


class MicroBatches:
    """The train signature of a model, called with a batch and run in parts of `size` samples.

    stale: whether others have changed the session's variables since the last call.
    """

    size = 1
    stale = True

    def __init__(self, interpreter: Interpreter, data: bytes) -> None:
        """interpreter: the session's, of `data`, which computes by itself with one thread; with
        more each gets an interpreter of its own, at most LANES of them.
        """
        self._interpreter = interpreter
        helpers = min(interpreter.threads, LANES) if interpreter.threads > 1 else 0
        self._helpers = [Interpreter(data, called=interpreter.called) for _ in range(helpers)]
        workers = self._workers = self._helpers or [interpreter]
        self._threads = ThreadPoolExecutor(helpers) if helpers else None
        self._inputs = workers[0].signature(GRADIENTS).inputs
        self._batched = [key for key, (_, shape) in self._inputs.items() if shape[:1] == (-1,)]
        self._ahead = interpreter.signature(AHEAD) if AHEAD in interpreter.names else None
        self._sums: list[Sums] = [{} for _ in range(LANES)]

    def invoke(self, arrays: Arrays) -> None:
        """Run once, as the train signature; `arrays` fit it. A batch has a multiple of `size`."""
        if self._helpers and self.stale:
            state = self._interpreter.signature(GET_STATE)({})
            self._on_all(self._helpers, lambda one: one.signature(SET_STATE).invoke(state))
        self.stale = True  # should anything fail on the way
        count = len(next(arrays[key] for key in self._batched if key in arrays))
        given: dict[str, np.ndarray | Rows] = {**arrays, COUNT: np.array(count, np.float32)}
        if self._ahead is not None:
            self._ahead.invoke({key: given[key] for key in self._ahead.inputs})
            given |= {key: self._ahead.output(key) for key in self._ahead.outputs}
        starts = np.array_split(np.arange(0, count, self.size), LANES)
        lanes = zip(starts, self._sums, strict=True)  # a core that is done takes the next

        def sum_up(worker: Interpreter) -> None:
            for lane in lanes:
                self._sum_up(worker, given, count, *lane)

        self._on_all(self._workers, sum_up)
        total = self._sums[0]
        for sums in self._sums[1:]:
            for key, value in sums.items():
                total[key] += value
        given |= total
        self._on_all(
            [self._interpreter, *self._helpers],
            lambda one: one.signature(APPLY).invoke(
                {key: given[key] for key in one.signature(APPLY).inputs}
            ),
        )
        self.stale = False

    def output(self, key: str) -> np.ndarray:
        """A copy of one output of the last `invoke`."""
        return self._interpreter.signature(APPLY).output(key)

    def _on_all(
        self, interpreters: Sequence[Interpreter], do: Callable[[Interpreter], Result]
    ) -> list[Result]:
        """Each in a thread of its own, if there are several; all are done when one fails."""
        if self._threads is None:
            return [do(one) for one in interpreters]
        calls = [self._threads.submit(do, one) for one in interpreters]
        wait(calls)
        return [call.result() for call in calls]

    def _sum_up(
        self, worker: Interpreter, given: Arrays, count: int, starts: np.ndarray, sums: Sums
    ) -> None:
        """Sums over the parts that begin at `starts`, in arrays that are made once."""
        gradients = worker.signature(GRADIENTS)
        feeds = {key: given[key] for key in self._inputs}
        rows = {key: len(given[key]) // count for key in self._batched}  # of a sample
        for at, start in enumerate(map(int, starts)):
            for key in self._batched:
                feeds[key] = given[key][start * rows[key] : (start + self.size) * rows[key]]
            gradients.invoke(feeds)
            for key in gradients.outputs:
                if key not in sums:
                    sums[key] = np.array(gradients.output(key))
                elif at:
                    sums[key] += gradients.look(key)
                else:
                    sums[key][...] = gradients.look(key)
