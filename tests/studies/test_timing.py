"""What answers are timed on: nothing that a session could know already."""

from __future__ import annotations

import numpy as np

from odt_core.studies.timing import ANSWERS, answer_ms


def asked(like: np.ndarray, *whole: bool) -> np.ndarray:
    seen: list[np.ndarray] = []
    kinds = np.array(whole) if len(whole) > 1 else np.array(whole[0])
    assert answer_ms(lambda one: seen.append(one), like, kinds) >= 0
    return np.concatenate(seen)


def test_every_input_is_a_new_one_near_to_what_was_given():
    like = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    given = asked(like, False)
    assert len({one.tobytes() for one in given}) == len(given) > ANSWERS
    assert not {one.tobytes() for one in given} & {one.tobytes() for one in asked(like, False)}
    for at, one in enumerate(given):
        assert np.abs(one - like[at % 3]).max() < 0.02


def test_ids_of_words_stay_ids_in_another_order():
    like = np.random.default_rng(0).integers(0, 900, (2, 40)).astype(np.float32)
    given = asked(like, True)
    assert len({one.tobytes() for one in given}) == len(given)
    for at, one in enumerate(given):
        assert sorted(one) == sorted(like[at % 2])


def test_ids_that_are_inputs_of_their_own_stay_in_their_tables():
    like = np.array([[3, 900, 0.5], [1, 700, 0.25], [2, 800, 0.75]], np.float32)
    given = asked(like, True, True, False)
    assert len({one.tobytes() for one in given}) == len(given)
    assert set(given[:, 0]) <= {1, 2, 3}
    assert set(given[:, 1]) <= {700, 800, 900}
