"""A drawing prepared in another process is the drawing prepared here, and nothing depends on it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image, ImageDraw

from odt_core.errors import SampleError, WorkerError
from odt_core.samples import Preprocessing
from odt_core.worker import link
from odt_core.worker.preparer import Preparer

INK = Preprocessing("ink", (28, 28, 1))


def drawing(seed: int, channels: str = "L") -> np.ndarray:
    """A few thick strokes on paper, uint8."""
    points = np.random.default_rng(seed).integers(20, 260, (5, 2))
    picture = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).line([tuple(p) for p in points.tolist()], fill=0, width=18)
    return np.asarray(picture.convert(channels))


@pytest.fixture
def preparer() -> Iterator[Preparer]:
    one = Preparer()
    yield one
    one.close()


class TestSame:
    @pytest.mark.parametrize("channels", ["L", "RGB", "RGBA"])
    def test_drawing(self, preparer: Preparer, channels: str) -> None:
        for seed in range(4):
            item = drawing(seed, channels)
            found = preparer.apply(INK, item)
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, INK.apply(item))

    @pytest.mark.parametrize(
        "how",
        [
            Preprocessing("ink", (784,), picture=(28, 28, 1), invert=True, mean=(0.5,), std=(2.0,)),
            Preprocessing("ink", (40, 40, 3), scale=2.0, offset=-1.0, slant=0.5),
            Preprocessing("image", (32, 32, 3), scale=1 / 255),
        ],
    )
    def test_every_way_of_preparing(self, preparer: Preparer, how: Preprocessing) -> None:
        np.testing.assert_array_equal(preparer.apply(how, drawing(1)), how.apply(drawing(1)))

    def test_numbers_pass_through(self, preparer: Preparer) -> None:
        x = np.random.default_rng(0).random((28, 28, 1), np.float32)
        np.testing.assert_array_equal(preparer.apply(INK, x), x)

    def test_what_cannot_be_prepared_says_the_same(self, preparer: Preparer) -> None:
        strange = np.zeros((28, 28, 5), np.uint8)
        with pytest.raises(SampleError) as here:
            INK.apply(strange)
        with pytest.raises(SampleError) as there:
            preparer.apply(INK, strange)
        assert str(there.value) == str(here.value)


class TestProcess:
    def test_it_is_not_this_one(self, preparer: Preparer) -> None:
        preparer.apply(INK, drawing(0))
        assert preparer._link is not None
        assert preparer._link.pid != os.getpid()

    def test_one_for_many_threads(self, preparer: Preparer) -> None:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda k: preparer.apply(INK, drawing(k)), range(40)))
        for k, x in enumerate(found):
            np.testing.assert_array_equal(x, INK.apply(drawing(k)))

    def test_killed_it_is_started_again(self, preparer: Preparer) -> None:
        preparer.apply(INK, drawing(0))
        assert preparer._link is not None
        first = preparer._link.pid
        os.kill(first, signal.SIGKILL)
        for seed in range(3):  # the first of them may still believe that it lives
            np.testing.assert_array_equal(
                preparer.apply(INK, drawing(seed)), INK.apply(drawing(seed))
            )
        assert preparer._link.pid != first

    def test_without_a_process_it_is_done_here(
        self, preparer: Preparer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuses(*_: object, **__: object) -> None:
            raise WorkerError("out of memory")

        monkeypatch.setattr(link, "Link", refuses)
        np.testing.assert_array_equal(preparer.apply(INK, drawing(0)), INK.apply(drawing(0)))

    def test_others_work_meanwhile(self) -> None:
        waited = []

        @contextmanager
        def meanwhile() -> Iterator[None]:
            waited.append(True)
            yield

        one = Preparer(meanwhile)
        try:
            one.apply(INK, drawing(0))
        finally:
            one.close()
        assert waited == [True]
