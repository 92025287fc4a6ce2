"""Evidence: what personalising did, in one zip that anybody can check."""

from odt_core.evaluation.timing import median_ms
from odt_core.evidence.bundling import bundle
from odt_core.evidence.cost import Cost, NetworkWatch
from odt_core.evidence.material import Curves, Judged
from odt_core.evidence.origin import Beginning, Origin, trace

__all__ = [
    "Beginning",
    "Cost",
    "Curves",
    "Judged",
    "NetworkWatch",
    "Origin",
    "bundle",
    "median_ms",
    "trace",
]
