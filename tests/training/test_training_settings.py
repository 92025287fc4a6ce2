"""Settings: ranges, messages, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from odt_core.errors import SettingsError
from odt_core.training import Settings
from odt_core.training.schedule import learning_rate_at
from odt_core.training.settings import Schedule


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("epochs", 0),
            ("epochs", 2.5),
            ("epochs", True),
            ("batch_size", 0),
            ("batch_size", 10**6),
            ("learning_rate", 0),
            ("learning_rate", -1.0),
            ("learning_rate", float("nan")),
            ("learning_rate", "0.1"),
            ("replay", 1.0),
            ("replay", -0.1),
            ("seed", -1),
            ("seed", 2**63),
            ("augment", 1.5),
            ("average", float("inf")),
        ],
    )
    def test_value_out_of_range_is_named(self, name, value):
        with pytest.raises(SettingsError, match=name.replace("_", " ")):
            Settings(**{name: value})

    def test_unknown_schedule_lists_the_known_ones(self):
        with pytest.raises(SettingsError, match="constant, cosine, linear"):
            Settings(schedule="wave")  # type: ignore[arg-type]

    def test_json_there_and_back(self):
        settings = Settings(epochs=3, schedule=Schedule.COSINE, learning_rate=None, seed=2**60)
        assert Settings.from_json(settings.to_json()) == settings

    def test_numpys_numbers_are_taken(self):
        settings = Settings(epochs=np.int64(3), seed=np.uint8(1), learning_rate=np.float32(0.5))
        assert settings == Settings(epochs=3, seed=1, learning_rate=0.5)
        assert json.loads(json.dumps(settings.to_json())) == settings.to_json()

    def test_json_with_an_unknown_setting_is_refused(self):
        with pytest.raises(SettingsError, match="no setting 'epoch'"):
            Settings.from_json({"epoch": 3})


class TestSchedule:
    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [
            (Schedule.CONSTANT, [1.0, 1.0, 1.0, 1.0]),
            (Schedule.LINEAR, [1.0, 0.75, 0.5, 0.25]),
            (Schedule.COSINE, [1.0, 0.8535533905932737, 0.5, 0.14644660940672627]),
        ],
    )
    def test_rate_of_each_step(self, schedule, expected):
        settings = Settings(learning_rate=1.0, schedule=schedule)
        assert [learning_rate_at(settings, step, 4) for step in range(4)] == pytest.approx(expected)

    def test_warmup_rises_to_the_rate(self):
        settings = Settings(learning_rate=1.0, warmup=0.5)
        rates = [learning_rate_at(settings, step, 8) for step in range(8)]
        assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]

    def test_none_leaves_the_models_own_rate_alone(self):
        assert learning_rate_at(Settings(learning_rate=None), 0, 10) is None
