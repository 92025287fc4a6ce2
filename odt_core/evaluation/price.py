"""What a personalised model lost of what the base model could do: the price beside a gain."""

from __future__ import annotations

from odt_core.evaluation.comparison import Verdict, compare
from odt_core.evaluation.evaluation import Evaluation
from odt_core.words import percent_apart


def price_in_words(base: Evaluation, own: Evaluation) -> str:
    """A sentence of both on the base test set, short as it stands below a result; "" unless
    `compare` calls the second the worse one: what may be chance is no price. SampleError unless
    both are of the same samples.
    """
    change = compare(base, own)
    if change.verdict is not Verdict.WORSE:
        return ""
    if base.share_right is not None and own.share_right is not None:
        lost = f"{percent_apart(base.share_right)} → {percent_apart(own.share_right)}"
    else:
        lost = f"squared error {base.mean_squared_error:.4g} → {own.mean_squared_error:.4g}"
    return f"Price: base test set {lost}, not chance."
