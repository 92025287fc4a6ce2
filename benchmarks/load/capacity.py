"""How many training steps a second the cores can do when nothing else runs."""

from __future__ import annotations

import os
import threading
import time

from benchmarks.load.person import pictures_of
from benchmarks.load.visitor import STEPS_AN_EPOCH
from odt_core.bundled import bundled_models, find_card
from odt_core.samples import Labels, prepare
from odt_core.training.events import Ended, Event, Failed
from odt_core.training.settings import Settings
from odt_core.worker.remote import Worker


def steps_a_second(epochs: int, runs: int = 8) -> float:
    """Whole runs of so many epochs, evaluations included, in one worker process per core."""
    path = bundled_models()[0]
    card = find_card(path)
    assert card is not None
    samples = prepare(pictures_of(0), card.preprocessing, Labels(card.labels.names))
    settings = Settings.from_json({**card.settings, "epochs": epochs})
    replay, base_test = card.load_replay(), card.load_base_test()

    def work(worker: Worker) -> None:
        for _ in range(runs):
            over = threading.Event()

            def seen(event: Event, over: threading.Event = over) -> None:
                if isinstance(event, Ended | Failed):
                    over.set()

            worker.fit(
                samples,
                settings,
                test=None,
                replay=replay,
                base_test=base_test,
                start=None,
                on_event=seen,
            )
            over.wait()

    workers = [Worker.start(path.read_bytes(), card) for _ in range(os.cpu_count() or 1)]
    try:
        began = time.monotonic()
        threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(workers) * runs * STEPS_AN_EPOCH * epochs / (time.monotonic() - began)
    finally:
        for worker in workers:
            worker.close()
