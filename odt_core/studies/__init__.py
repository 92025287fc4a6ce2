"""Studies that train again from the base model: what a result depends on, and what it cost."""

from odt_core.studies.controls import Controls, negative_controls, other_person
from odt_core.studies.cost import Cost, measure_cost
from odt_core.studies.crossed import Estimate, Quantity
from odt_core.studies.sample_size import Point, SamplesNeeded, samples_needed
from odt_core.studies.study import StudyProgress, StudyStopped
from odt_core.studies.trainer import Trainer, WorkerTrainer
from odt_core.studies.unlearning import Unlearned, unlearn

__all__ = [
    "Controls",
    "Cost",
    "Estimate",
    "Point",
    "Quantity",
    "SamplesNeeded",
    "StudyProgress",
    "StudyStopped",
    "Trainer",
    "Unlearned",
    "WorkerTrainer",
    "measure_cost",
    "negative_controls",
    "other_person",
    "samples_needed",
    "unlearn",
]
