"""How much one workspace, and all of them together, may hold."""

from dataclasses import dataclass

_MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds that the workspace itself enforces, whatever a page or a widget let through.

    Reaching one raises the error of the thing concerned and changes nothing.
    """

    samples: int = 5_000
    sample_side: int = 640  # pixels; larger pictures are shrunk before they are stored
    sample_bytes: int = 8 * _MB  # one stored picture or .npy
    labels: int = 1_024
    note_length: int = 500  # characters
    workspace_bytes: int = 512 * _MB  # what the manifest shows; undo may hold as much again
    kept_checkpoints: int = 40  # saved by hand or uploaded
    automatic_checkpoints: int = 20  # beyond it the oldest are thinned out
    model_bytes: int = 128 * _MB  # and for all that were chosen before it, together
    models_before: int = 5  # uploaded ones that can be chosen again
    models_left: int = 10  # whose labels and settings are as they were when one is chosen again
    settings_bytes: int = 16 * 1024
    description_bytes: int = 64 * 1024  # what was said by hand about a model
    runs: int = 100
    run_bytes: int = 32 * _MB
    study_bytes: int = 4 * _MB  # what one study found
    undo_steps: int = 100
    workspaces: int = 10_000
    spare_disk_bytes: int = 256 * _MB  # left free on the disk by every large write
