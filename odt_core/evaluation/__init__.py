"""How good a model is, whether personalising helped, what it cost, and how sure one can be."""

from odt_core.evaluation.base_labels import (
    BaseAnswers,
    BaseLabels,
    backbone_answers,
    base_answers,
    load_base_labels,
)
from odt_core.evaluation.claims import Claims, claims
from odt_core.evaluation.compare import FEWEST_CHANGES, Comparison, Verdict, compare, mcnemar
from odt_core.evaluation.controls import Controls, negative_controls, other_person
from odt_core.evaluation.cost import Cost, measure_cost, peak_memory
from odt_core.evaluation.crossed import Estimate, Quantity
from odt_core.evaluation.digest import state_digest
from odt_core.evaluation.evaluation import Evaluation, errors, evaluate, score, truth_of
from odt_core.evaluation.feature_map import FeatureMap, feature_map
from odt_core.evaluation.intervals import wilson
from odt_core.evaluation.label_table import LabelRow, Moved, label_table, moved_labels
from odt_core.evaluation.layers import LayerChange, most_moved, weight_changes
from odt_core.evaluation.leakage import Leakage, leakage
from odt_core.evaluation.network import NetworkUse, NetworkWatch
from odt_core.evaluation.new_labels import NewLabels, new_labels
from odt_core.evaluation.paired import gain_interval
from odt_core.evaluation.places import Places, places
from odt_core.evaluation.proportion import Proportion
from odt_core.evaluation.ranking import auroc
from odt_core.evaluation.reliability import Bin, Reliability, reliability, reliability_of, too_few
from odt_core.evaluation.sample_size import Point, SamplesNeeded, samples_needed
from odt_core.evaluation.study import Progress, StudyStopped
from odt_core.evaluation.temperature import Calibration, Temperature, fit_temperature
from odt_core.evaluation.trainer import SessionTrainer, Trained, Trainer, WorkerTrainer
from odt_core.evaluation.unknown import Strangeness, Unknown, fit_unknown, strangeness
from odt_core.evaluation.unlearning import Unlearned, unlearn
from odt_core.runtime.weights import weights_of

__all__ = [
    "FEWEST_CHANGES",
    "BaseAnswers",
    "BaseLabels",
    "Bin",
    "Calibration",
    "Claims",
    "Comparison",
    "Controls",
    "Cost",
    "Estimate",
    "Evaluation",
    "FeatureMap",
    "LabelRow",
    "LayerChange",
    "Leakage",
    "Moved",
    "NetworkUse",
    "NetworkWatch",
    "NewLabels",
    "Places",
    "Point",
    "Progress",
    "Proportion",
    "Quantity",
    "Reliability",
    "SamplesNeeded",
    "SessionTrainer",
    "Strangeness",
    "StudyStopped",
    "Temperature",
    "Trained",
    "Trainer",
    "Unknown",
    "Unlearned",
    "Verdict",
    "WorkerTrainer",
    "auroc",
    "backbone_answers",
    "base_answers",
    "claims",
    "compare",
    "errors",
    "evaluate",
    "feature_map",
    "fit_temperature",
    "fit_unknown",
    "gain_interval",
    "label_table",
    "leakage",
    "load_base_labels",
    "mcnemar",
    "measure_cost",
    "most_moved",
    "moved_labels",
    "negative_controls",
    "new_labels",
    "other_person",
    "peak_memory",
    "places",
    "reliability",
    "reliability_of",
    "samples_needed",
    "score",
    "state_digest",
    "strangeness",
    "too_few",
    "truth_of",
    "unlearn",
    "weight_changes",
    "weights_of",
    "wilson",
]
