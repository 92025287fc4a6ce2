"""The settings of a training on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from odt_core.errors import SettingsError

if TYPE_CHECKING:
    from odt_core.runtime import Model

_NAMES = ("epochs", "batch_size", "learning_rate", "replay", "seed")


def add_settings(parser: ArgumentParser) -> None:
    """An option for each; what is not given is as the model's card says."""
    defaults = "default: what the model's card says"
    parser.add_argument("--epochs", type=int, help=f"passes over the samples ({defaults})")
    parser.add_argument("--batch-size", type=int, help=f"samples a step ({defaults})")
    parser.add_argument("--learning-rate", type=float, help=f"step size ({defaults})")
    parser.add_argument(
        "--replay",
        type=float,
        help=f"least share of base samples in each batch, 0 to < 1 ({defaults})",
    )
    parser.add_argument("--seed", type=int, help="of every random choice (default: 0)")


def given_settings(options: Namespace, model: Model) -> dict[str, Any]:
    """What was given, by the names of Settings; SettingsError where the model cannot follow it."""
    contract = model.contract
    if options.learning_rate is not None and contract.trainable and not contract.sets_learning_rate:
        raise SettingsError(
            "--learning-rate would change nothing: this model's learning rate is part of its file. "
            "Leave it out; if an input of its train signature takes the rate, say which: --use "
            "learning_rate=NAME."
        )
    if options.replay and model.card.replay is None:
        raise SettingsError(
            "--replay would change nothing: this model came without base samples to replay. Leave "
            "it out."
        )
    return {name: value for name in _NAMES if (value := getattr(options, name)) is not None}
