"""How good a model is, and whether personalising helped."""

from odt_core.evaluation.compare import Comparison, compare, mcnemar
from odt_core.evaluation.evaluation import Evaluation, errors, evaluate, score, truth_of
from odt_core.evaluation.intervals import wilson

__all__ = [
    "Comparison",
    "Evaluation",
    "compare",
    "errors",
    "evaluate",
    "mcnemar",
    "score",
    "truth_of",
    "wilson",
]
