"""What every part of a workspace stands on: the lock, the manifest, files that outlive a crash.

Files are written before the manifest that names them, so that each manifest on disk is complete;
a file that no manifest names is garbage, collected when the workspace opens and closes.
"""

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

from odt_core.errors import WorkspaceError
from odt_core.words import count
from odt_core.workspace import pictures
from odt_core.workspace.disk import Disk, failure, is_temporary
from odt_core.workspace.limits import Limits
from odt_core.workspace.manifest import Manifest
from odt_core.workspace.revisions import Revision, Revisions

FEATURES = "features"  # see features.py
STUDIES = "studies"  # see studies.py
FOLDERS = ("samples", "models", "checkpoints", "runs", STUDIES, "index", "history", FEATURES)
COUNTED = FOLDERS[:5]  # those whose size grows with what a person adds


class Store:
    """The state of one workspace and the one way in which it changes."""

    def __init__(
        self,
        folder: Path,
        token: str,
        limits: Limits,
        disk: Disk,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read the folder. Raises WorkspaceError when it cannot be read at all."""
        self.token = token
        self.limits = limits
        self._folder = folder
        self._disk = disk
        self._clock = clock
        self._lock = threading.RLock()
        self._closed = False
        self._history = Revisions(folder, disk, limits.undo_steps)
        try:
            self._history.load()
            # bytes of samples, models, checkpoints, runs and studies; rather too many than too few
            self._stored = 0
            if self._history.damage:  # someone may want to look at the files
                self._stored = self._measure()
            else:
                self.collect_garbage()
            self.missing = self._find_missing()
        except OSError as error:
            raise failure(error) from error

    def __repr__(self) -> str:
        return f"<Workspace at revision {self.revision}>"  # the token is a secret

    @property
    def manifest(self) -> Manifest:
        """The visible state just now."""
        return self._history.present.manifest

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._history.present.number

    @property
    def problems(self) -> tuple[str, ...]:
        """What was found damaged or missing on disk, in words; empty when all is well."""
        manifest, lost = self.manifest, 0
        if self.missing:  # those that were deleted are nobody's problem
            lost += sum(sample.id in self.missing for sample in manifest.samples)
            lost += sum(entry.id in self.missing for entry in manifest.checkpoints)
        said = (
            f"{count(lost, 'file')} of samples or checkpoints cannot be read; the rest works. "
            "Delete them, or add them again."
        )
        return (*self._history.damage, *([said] if lost else []))

    # Life

    def collect_garbage(self) -> None:
        """Remove the files that no kept manifest names, and what cut-short writes have left."""
        with self._lock:
            keep, stored = self._named_files(), 0
            for folder in FOLDERS:
                for name, size in self._disk.names(self._folder / folder).items():
                    named = folder in ("index", "history") or f"{folder}/{name}" in keep
                    if is_temporary(name) or not named:
                        self._disk.remove(self._folder / folder / name)
                    elif folder in COUNTED:
                        stored += size
            self._stored = stored

    def close(self) -> None:
        """Collect garbage and let go of it; `Workspaces.open` opens it again."""
        with self._lock:
            if not self._closed:
                if not self._history.damage:  # else someone may want to look at the files
                    with contextlib.suppress(OSError):
                        self.collect_garbage()
                self._closed = True

    # For the parts of a workspace

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Manifest]:
        with self._lock:
            if self._closed:
                raise WorkspaceError("This workspace was closed. Reload the page to go on.")
            yield self.manifest

    def _commit(
        self,
        manifest: Manifest,
        step: str,
        *,
        group: str = "",
        fact: bool = False,
        files: Mapping[str, bytes] | None = None,
        next_number: int | None = None,
    ) -> None:
        """Write files, then the manifest that names them. A fact is not a step to undo."""
        if manifest == self.manifest:
            return
        new, added = self._absent(files or {}), list[Path]()
        if new:
            if manifest.bytes > self.limits.workspace_bytes:
                raise WorkspaceError(
                    f"The workspace is full ({self.limits.workspace_bytes / 1e6:.0f} MB). "
                    "Delete samples or checkpoints first."
                )
            self._make_room(sum(map(len, new.values())))
            new = self._absent(files or {})  # making room may have removed more of them
            added = [path for path in new if self._disk.size(path) is None]
            self._disk.write(new)
        present = self._history.present
        if fact or (not step and present.undo is None):
            revision = replace(present, manifest=manifest)
        else:
            merged = group and group == present.group and present.redo is None
            undo = present.undo if merged else present.number
            revision = replace(
                present, manifest=manifest, step=step, group=group, undo=undo, redo=None
            )
        if next_number is not None:
            revision = replace(revision, next_number=next_number)
        try:
            self._history.commit(revision)
        except WorkspaceError:
            for path in added:
                self._disk.remove(path)
            raise
        self._stored += sum(map(len, new.values()))

    def _absent(self, files: Mapping[str, bytes]) -> dict[Path, bytes]:
        """Those that are not on disk yet, or not as they are to be."""
        paths = {self._folder / name: data for name, data in files.items()}
        return {path: data for path, data in paths.items() if not self._holds(path, data)}

    def _holds(self, path: Path, data: bytes) -> bool:
        if self._disk.size(path) != len(data):
            return False
        with contextlib.suppress(OSError):
            return self._disk.read(path) == data
        return False

    def _file(self, folder: str, name: str, sha256: str) -> bytes | None:
        """The bytes of a file, or None when it is missing or is not what it was."""
        try:
            data = self._disk.read(self._folder / folder / name)
        except OSError:
            return None
        return data if pictures.digest(data) == sha256 else None

    def _named_files(self, revisions: Sequence[Revision] | None = None) -> set[str]:
        """Paths that revisions name, by default all that are kept."""
        kept = self._history.kept if revisions is None else revisions
        manifests = [revision.manifest for revision in kept]
        samples = {id(sample): sample for manifest in manifests for sample in manifest.samples}
        named = {f"samples/{sample.sha256}.{sample.suffix}" for sample in samples.values()}
        named |= {f"samples/{s.target}.npy" for s in samples.values() if s.target}
        digests = {sample.sha256 for sample in samples.values()}
        made = self._disk.names(self._folder / FEATURES)
        named |= {f"{FEATURES}/{name}" for name in made if name.split(".")[0] in digests}
        if samples:
            named |= {f"{STUDIES}/{name}" for name in self._disk.names(self._folder / STUDIES)}
        for manifest in manifests:
            named |= {f"checkpoints/{entry.id}.safetensors" for entry in manifest.checkpoints}
            named |= {f"runs/{run.id}.jsonl" for run in manifest.runs}
            models = (manifest.model, *manifest.models)
            named |= {f"models/{one.sha256}.tflite" for one in models if one and one.sha256}
        return named

    def _find_missing(self) -> frozenset[str]:
        manifest = self._history.present.manifest
        samples = self._disk.names(self._folder / "samples")
        checkpoints = self._disk.names(self._folder / "checkpoints")
        return frozenset(
            [s.id for s in manifest.samples if samples.get(f"{s.sha256}.{s.suffix}") != s.bytes]
            + [
                s.id
                for s in manifest.samples
                if s.target and samples.get(f"{s.target}.npy") != s.target_bytes
            ]
            + [c.id for c in manifest.checkpoints if f"{c.id}.safetensors" not in checkpoints]
        )

    def _measure(self) -> int:
        return sum(sum(self._disk.names(self._folder / name).values()) for name in COUNTED)

    def _make_room(self, more: int) -> None:
        """WorkspaceError when `more` bytes do not fit into the workspace or onto the disk; undo
        steps go before that, where that makes room enough.
        """
        limit = 2 * self.limits.workspace_bytes + 2 * self.limits.model_bytes
        if self._stored + more > limit:
            self.collect_garbage()
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise failure(error) from error
        over = self._stored + more - limit
        short = more + self.limits.spare_disk_bytes - free
        if max(over, short) <= 0:
            return
        gain = self._bytes_of_steps()
        if over > gain:
            raise WorkspaceError(
                "There is no room for this in the workspace: its files may have "
                f"{limit / 1e6:,.0f} MB. Delete samples or checkpoints first."
            )
        if short > gain:
            raise WorkspaceError(
                "There is no room for this: the server's disk is nearly full. Ask whoever runs the "
                f"server to free {ceil((short - gain) / 1e6):,} MB; what you delete yourself helps "
                "only where it is as much."
            )
        self._history.forget_steps()
        self.collect_garbage()

    def _bytes_of_steps(self) -> int:
        """Size of the files that only steps to undo or redo lead to."""
        present = self._named_files([self._history.present])
        return sum(
            size
            for folder in COUNTED
            for name, size in self._disk.names(self._folder / folder).items()
            if f"{folder}/{name}" not in present
        )
