"""What no session takes: other threads, wrong names and types, and files that are no models."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from odt_core.errors import ModelError, SignatureError
from odt_core.runtime import load_model
from tests.runtime.tiny_models import OWN, X, Y, of_the_zoo

DIGITS = Path(__file__).parents[2] / "assets" / "models" / "digits.tflite"


class TestRefusals:
    def test_use_from_another_thread_is_refused(self, model):
        session = model.session()
        caught: list[Exception] = []

        def work() -> None:
            try:
                session.infer(X)
            except ModelError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert "thread that made it" in str(caught[0])
        assert session.infer(X).shape == (12, 4)

    def test_training_on_features_from_another_thread_is_refused(self, model):
        session = model.session()
        with ThreadPoolExecutor(1) as other, pytest.raises(ModelError, match="made it"):
            other.submit(session.train_features, X, Y).result()

    @pytest.mark.parametrize("error", [RuntimeError(), MemoryError()])
    def test_failure_without_a_word_is_told_of_the_signature_that_people_know(self, error):
        class Short:
            """LiteRT where there is no memory left."""

            def __init__(self, wrapper):
                self.wrapper = wrapper

            def __getattr__(self, name):
                return getattr(self.wrapper, name)

            def Invoke(self, subgraph):  # noqa: N802 (LiteRT's name)
                raise error

        session = load_model(DIGITS).session()
        session.infer(session.bottlenecks(np.zeros((1, 28, 28, 1), np.float32)))
        head = session._interpreter.signature("odt_infer")
        head._wrapper = Short(head._wrapper)
        with pytest.raises(ModelError, match="Signature 'infer' needs more memory than it may"):
            session.infer(session.bottlenecks(np.ones((1, 28, 28, 1), np.float32)))

    @pytest.mark.parametrize("wrong", [3, -1])
    def test_labels_out_of_range_are_refused_in_every_batch_and_change_nothing(self, wrong):
        model = load_model(Path(__file__).parent / "models" / "dialect_tokens.tflite")
        session = model.session()
        x, y = np.ones((4, 5), np.int32), np.array([0, 1, 2, 0])
        for _ in range(2):
            session.train_step(x, y)
        before = session.state()
        with pytest.raises(SignatureError, match=f"between 0 and 2 for this model; got .*{wrong}"):
            session.train_step(x, np.array([0, 1, 2, wrong]))
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])
        assert session.train_step(x, y) > 0

    @pytest.mark.parametrize("kind", [object, str, complex])
    def test_samples_that_are_no_numbers_are_refused(self, model, kind):
        session = model.session()
        for use in (session.infer, session.bottlenecks, lambda x: session.train_step(x, Y)):
            with pytest.raises(SignatureError, match="samples as numbers; these are an array of"):
                use(X.astype(kind))

    @pytest.mark.parametrize(("wrong", "said"), [
        (20, "given: x 1 to 20"), (-3, "given: x -3 to 6"), (2.5, r"whole numbers .*got 2.5"),
        (2.0**32 + 3, r"whole numbers .*got 4294967299"),
    ])  # fmt: skip
    def test_word_that_has_no_number_in_the_table_is_refused_and_changes_nothing(self, wrong, said):
        session = of_the_zoo("text_mean_keras2").session()
        x = np.tile(np.arange(1.0, 7.0), (4, 1))
        before = session.state()
        session.infer(x)  # floats that are whole are the same ids
        x[1, 1] = wrong
        x = x.astype(np.int64) if wrong > 2**31 else x
        for use in (session.infer, lambda x: session.train_step(x, Y[:4] % 3)):
            with pytest.raises(SignatureError, match=said):
                use(x)
        for name, value in session.state().items():
            np.testing.assert_array_equal(value, before[name])

    def test_run_with_a_wrong_name_lists_the_signatures(self, model):
        with pytest.raises(SignatureError, match="infer, odt_get_state"):
            model.session().run("nothing")

    def test_run_with_wrong_inputs_says_what_the_signature_wants(self, model):
        with pytest.raises(SignatureError, match=r"wants x float32 \[any, 8, 8, 1\]"):
            model.session().run("infer", z=X)
        with pytest.raises(SignatureError, match=r"given x float64"):
            model.session().run("infer", x=X.astype(np.float64))

    def test_run_after_a_wrong_dtype_still_works(self, model):
        session = model.session()
        good = session.run("infer", x=X)["logits"]
        with pytest.raises(SignatureError):
            session.run("infer", x=X.astype(np.float64))
        np.testing.assert_array_equal(session.run("infer", x=X)["logits"], good)

    @pytest.mark.parametrize(
        ("content", "message"),
        [(b"", "empty"), (b"just some text, no model", "not a .tflite"), (None, "no file")],
    )
    def test_file_that_is_no_model_is_named(self, tmp_path, content, message):
        path = tmp_path / "m.tflite"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ModelError, match=message):
            load_model(path)

    def test_hash_is_of_the_original_bytes_whatever_the_file_is_called(self, model, tmp_path):
        shutil.copy(OWN / "tiny_momentum.tflite", tmp_path / "other.tflite")
        assert load_model(tmp_path / "other.tflite").sha256 == model.sha256
        assert len(model.sha256) == 64
