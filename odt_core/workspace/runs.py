"""Training runs of a workspace: a file of records each. Undo does not touch them."""

import contextlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from odt_core.errors import WorkspaceError
from odt_core.workspace import changes
from odt_core.workspace.disk import failure
from odt_core.workspace.manifest import Manifest, RunEntry
from odt_core.workspace.names import clean_note
from odt_core.workspace.store import Store


class HasRuns(Store):
    """The part of a workspace that knows training runs."""

    def start_run(self, note: str = "") -> str:
        """A new training run; the id is what `append_run` takes. Undo does not touch runs."""
        text = clean_note(note, self.limits.note_length)
        with self._changing() as manifest:
            run = RunEntry(f"r{secrets.token_hex(8)}", self._clock(), text)
            changed = changes.with_run(manifest, run, self.limits.runs)
            self._commit(changed, "", fact=True)
            return run.id

    def append_run(self, run_id: str, records: Sequence[Mapping[str, Any]]) -> bool:
        """Add records (JSON objects) to a run; False when its file is full and they are dropped.

        Raises WorkspaceError when the run is unknown or the disk fails.
        """
        text = "".join(json.dumps(dict(record)) + "\n" for record in records)
        data = text.encode()
        with self._changing() as manifest:
            path = self._run_path(manifest, run_id)
            try:
                size = path.stat().st_size if path.exists() else 0
                cut_short = size and not _ends_with_newline(path)  # by a power cut
            except OSError as error:
                raise failure(error) from error
            if size + len(data) > self.limits.run_bytes:
                return False
            self._make_room(len(data))
            if cut_short:
                data = b"\n" + data
            self._disk.append(path, data)
            self._stored += len(data)
            return True

    def runs(self) -> tuple[RunEntry, ...]:
        """All training runs, oldest first."""
        return self.manifest.runs

    def run_records(self, run_id: str) -> list[dict[str, Any]]:
        """The records of a run in order; lines that a power cut has damaged are left out."""
        path = self._run_path(self.manifest, run_id)
        try:
            lines = self._disk.read(path).split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise failure(error) from error
        records = []
        for line in lines:
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    records.append(record)
        return records

    def _run_path(self, manifest: Manifest, run_id: str) -> Path:
        if all(run.id != run_id for run in manifest.runs):
            raise WorkspaceError("That training run is not there any more. Reload the page.")
        return self._folder / "runs" / f"{run_id}.jsonl"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
