"""Keras models are small here and TensorFlow is imported once for all of them."""

import pytest
from side_by_side import keras


@pytest.fixture(autouse=True)
def seeded():
    """The same weights in every run, whatever ran before."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
