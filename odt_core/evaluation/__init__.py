"""How good a model is, and whether personalising helped."""

from odt_core.evaluation.compare import Comparison, compare, mcnemar
from odt_core.evaluation.evaluation import Evaluation, evaluate, score
from odt_core.evaluation.intervals import wilson

__all__ = ["Comparison", "Evaluation", "compare", "evaluate", "mcnemar", "score", "wilson"]
