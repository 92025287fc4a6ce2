"""What studies found, kept with the workspace: it is there when the server was started again."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from odt_core.errors import WorkspaceError
from odt_core.workspace import Workspace


def keep_study(workspace: Workspace, name: str, about: object, found: Any) -> None:
    """Keep what the job of that name found, where it is a study's: bundles and weights are large.

    Where it cannot be kept it is at hand as long as the server runs.
    """
    from odt_core.evidence.versions import versions
    from odt_core.studies.as_json import KINDS, to_json

    kind = type(found).__name__
    if kind in KINDS:
        kept = {"kind": kind, "about": about, "with": versions(), "found": to_json(found)}
        with contextlib.suppress(WorkspaceError):
            workspace.keep_study(_file(name), json.dumps(kept).encode())


def kept_study(workspace: Workspace, name: str) -> tuple[object, Any] | None:
    """What the job of that name found last: what that is about, and it. None where nothing is kept,
    or by another odt, or on another machine.
    """
    data = workspace.study(_file(name))
    if data is None:
        return None
    from odt_core.evidence.versions import versions
    from odt_core.studies.as_json import KINDS, from_json

    try:
        kept = json.loads(data)
        if kept["with"] == versions():
            return kept["about"], from_json(KINDS[kept["kind"]], kept["found"])
    except (KeyError, TypeError, ValueError, RecursionError):
        pass  # damaged: it can be found out again
    return None


def _file(name: str) -> str:
    return name.replace(" ", "-")
