"""Evidence: what personalising did, in one zip that anybody can check."""

from odt_core.evidence.bundling import bundle, checked, with_leak
from odt_core.evidence.evidence import Curves, Evidence, Judged
from odt_core.evidence.inside import look_inside
from odt_core.evidence.origin import Beginning, Unloaded, all_trained_on, trace
from odt_core.evidence.studies import Studies, study_all

__all__ = [
    "Beginning",
    "Curves",
    "Evidence",
    "Judged",
    "Studies",
    "Unloaded",
    "all_trained_on",
    "bundle",
    "checked",
    "look_inside",
    "study_all",
    "trace",
    "with_leak",
]
