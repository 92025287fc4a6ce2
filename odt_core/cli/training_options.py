"""The settings of a training on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

_NAMES = ("epochs", "batch_size", "learning_rate", "replay", "seed")


def add_settings(parser: ArgumentParser) -> None:
    """An option for each; what is not given is as the model's card says."""
    defaults = "default: what the model's card says"
    parser.add_argument("--epochs", type=int, help=f"passes over the samples ({defaults})")
    parser.add_argument("--batch-size", type=int, help=f"samples a step ({defaults})")
    parser.add_argument("--learning-rate", type=float, help=f"step size ({defaults})")
    parser.add_argument(
        "--replay", type=float, help=f"share of base samples in each batch, 0 to < 1 ({defaults})"
    )
    parser.add_argument("--seed", type=int, help="of every random choice (default: 0)")


def given_settings(options: Namespace) -> dict[str, Any]:
    """What was given, by the names of Settings."""
    return {name: value for name in _NAMES if (value := getattr(options, name)) is not None}
