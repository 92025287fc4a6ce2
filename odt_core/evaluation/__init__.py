"""How good a model is, whether personalising helped, what it cost, and how sure one can be."""

from odt_core.evaluation.base_labels import (
    BaseAnswers,
    BaseLabels,
    backbone_answers,
    base_answers,
    load_base_labels,
)
from odt_core.evaluation.by_label import label_table, moved_labels
from odt_core.evaluation.claiming import Claims, claims
from odt_core.evaluation.comparison import FEWEST_CHANGES, Comparison, Verdict, compare
from odt_core.evaluation.digest import state_digest
from odt_core.evaluation.evaluation import Evaluation, evaluate, score
from odt_core.evaluation.feature_plane import FeatureMap, feature_map
from odt_core.evaluation.intervals import wilson
from odt_core.evaluation.layers import LayerChange, most_moved, weight_changes
from odt_core.evaluation.leaks import Leakage, leakage
from odt_core.evaluation.never_learnt import NewLabels
from odt_core.evaluation.over_again import copies
from odt_core.evaluation.paired import mcnemar
from odt_core.evaluation.price import price_in_words
from odt_core.evaluation.proportion import Proportion
from odt_core.evaluation.ranking import auroc
from odt_core.evaluation.reliability_diagram import (
    Reliability,
    reliability_of,
    too_few,
)
from odt_core.evaluation.temperature import Temperature, fit_temperature
from odt_core.evaluation.unknown import Strangeness, Unknown, fit_unknown, strangeness

__all__ = [
    "FEWEST_CHANGES",
    "BaseAnswers",
    "BaseLabels",
    "Claims",
    "Comparison",
    "Evaluation",
    "FeatureMap",
    "LayerChange",
    "Leakage",
    "NewLabels",
    "Proportion",
    "Reliability",
    "Strangeness",
    "Temperature",
    "Unknown",
    "Verdict",
    "auroc",
    "backbone_answers",
    "base_answers",
    "claims",
    "compare",
    "copies",
    "evaluate",
    "feature_map",
    "fit_temperature",
    "fit_unknown",
    "label_table",
    "leakage",
    "load_base_labels",
    "mcnemar",
    "most_moved",
    "moved_labels",
    "price_in_words",
    "reliability_of",
    "score",
    "state_digest",
    "strangeness",
    "too_few",
    "weight_changes",
    "wilson",
]
