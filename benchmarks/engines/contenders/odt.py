"""odt, by its public path: authored from the Keras model, loaded, stepped by a session."""

from __future__ import annotations

from pathlib import Path

import ai_edge_litert.interpreter  # noqa: F401  # else the first session would pay for the import

import odt_core
import odt_core.runtime.session
from benchmarks.engines.contender import Work
from benchmarks.engines.material import read_batches
from benchmarks.engines.networks import Network
from odt_core.runtime.threads import Work as Wanted
from odt_core.runtime.threads import choose_threads

VERSION = f"odt {odt_core.__version__}"
_MANY = 100_000  # steps of a run, so that measuring pays


class Odt:
    """A session of the trainable .tflite, with the threads that `fit` would give it.

    Layers that training leaves alone run as they do in `fit` on samples that it has not seen: for
    each batch anew, nothing is looked up, in a signature of their own.
    """

    def __init__(self, work: Work, threads: int) -> None:
        session = odt_core.load_model(work.made / "model.tflite").session()
        frozen = session.contract.extract is not None
        x, y = read_batches(work.material)[0]
        wanted = Wanted(session.extract(x), y, [x], _MANY, x if frozen else None)
        session.use_threads(choose_threads(session, wanted, threads))
        self.train, self.infer = session.train_features, session.infer
        if frozen:
            self.train = lambda x, y: session.train_features(session.extract(x), y)
            self.infer = lambda x: session.infer(session.extract(x))


def make(network: Network, optimiser: str, material: Path, folder: Path) -> None:
    """The trainable .tflite of the Keras model, and the same with the weights as constants."""
    from benchmarks.engines.keras_network import keras_loss, keras_network, keras_optimiser
    from odt_core.authoring import to_trainable_tflite

    model = keras_network(network, material)
    data = to_trainable_tflite(model, loss=keras_loss(), optimizer=keras_optimiser(optimiser))
    (folder / "model.tflite").write_bytes(data)
    session = odt_core.load_model(data).session()
    (folder / "baked.tflite").write_bytes(session.bake(inference_only=True))


CONTENDER = Odt
