"""One person's workspace: samples, labels, settings and checkpoints, safe on disk at any moment.

The folder holds samples/<sha256>.png (or .jpg, .npy), models/<sha256>.tflite,
checkpoints/<id>.safetensors, runs/<id>.jsonl, features/ (see features.py), studies/ (studies.py),
and the manifests in history/ and index/ (see revisions.py). Names are digests or generated ids, or
odt's own, never anything a person typed. Samples lie flat rather than in label folders: the label
is the manifest's business, so that renaming or undoing moves no file, and one picture under two
labels is stored once. `export_zip` gives label folders.
"""

from odt_core.workspace.checkpoints import HasCheckpoints
from odt_core.workspace.erasing import CanErase
from odt_core.workspace.features import HasFeatures
from odt_core.workspace.model import HasModel
from odt_core.workspace.runs import HasRuns
from odt_core.workspace.samples import AddReport, HasSamples
from odt_core.workspace.store import FOLDERS
from odt_core.workspace.studies import HasStudies
from odt_core.workspace.travel import CanTravel

__all__ = ["FOLDERS", "AddReport", "Workspace"]


class Workspace(
    HasModel, HasSamples, HasFeatures, HasStudies, HasCheckpoints, HasRuns, CanTravel, CanErase
):
    """A workspace that is open in this process. Thread-safe; made by `Workspaces`.

    `manifest` is immutable and cheap to read; every method that changes something writes the new
    manifest to disk first. When it raises, nothing has changed, in memory or on disk; but where a
    disk fails in the very moment, the steps to undo may have made room already.
    """
