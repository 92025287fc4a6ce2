"""One person's workspace: samples, labels, settings and checkpoints, safe on disk at any moment.

The folder holds samples/<sha256>.png (or .npy), models/<sha256>.tflite,
checkpoints/<id>.safetensors, runs/<id>.jsonl, and the manifests in history/ and index/ (see
history.py). Names are digests or generated ids, never anything a person typed. Samples lie flat
rather than in label folders: the label is the manifest's business, so that renaming or undoing
moves no file, and one picture under two labels is stored once. `export_zip` gives label folders.

Files are written before the manifest that names them, so that each manifest on disk is complete;
a file that no manifest names is garbage, collected when the workspace opens and closes.
"""

import contextlib
import json
import re
import secrets
import shutil
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from odt_core.errors import CheckpointError, LabelError, ModelError, SampleError, WorkspaceError
from odt_core.samples import Labels, RawSamples
from odt_core.workspace import changes, pictures
from odt_core.workspace.archive import zip_samples
from odt_core.workspace.disk import Disk, failure, is_temporary
from odt_core.workspace.history import History, Revision
from odt_core.workspace.holdout import part_of_next
from odt_core.workspace.limits import Limits
from odt_core.workspace.manifest import (
    CheckpointEntry,
    CheckpointInfo,
    Kind,
    LabelEntry,
    Manifest,
    ModelEntry,
    Part,
    RunEntry,
    SampleEntry,
    Source,
)
from odt_core.workspace.names import clean_label, clean_note, clean_origin

FOLDERS = ("samples", "models", "checkpoints", "runs", "index", "history")
_COUNTED = FOLDERS[:4]  # those whose size grows with what a person adds
_THUMBNAILS = pictures.ThumbnailCache(32 * 1024 * 1024)
_THUMBNAIL_SIDES = range(8, 1025)  # pixels


@dataclass(frozen=True)
class Elsewhere:
    """A picture that was added although another label has the very same one."""

    name: str
    label: str


@dataclass(frozen=True)
class AddReport:
    """What became of the samples that were given."""

    added: tuple[SampleEntry, ...] = ()
    duplicates: tuple[str, ...] = ()  # names of those that the label had already; ignored
    elsewhere: tuple[Elsewhere, ...] = ()  # added, but a second label contradicts the first

    @property
    def summary(self) -> str:
        """The report in a sentence or three."""
        tests = sum(sample.part is Part.TEST for sample in self.added)
        said = [f"Added {_count(len(self.added), 'sample')}" if self.added else "Nothing added"]
        if tests:
            said[0] += f", {tests} of them set aside for testing"
        if self.duplicates:
            said.append(f"{_count(len(self.duplicates), 'sample')} already there")
        if self.elsewhere:
            first = self.elsewhere[0]
            said.append(
                f"{_count(len(self.elsewhere), 'picture')} also under another label "
                f"({first.name or 'a drawing'!s} under '{first.label}'): delete one of the two"
            )
        return ". ".join(said) + "."


class Workspace:
    """A workspace that is open in this process. Thread-safe; made by `Workspaces`.

    `manifest` is immutable and cheap to read; every method that changes something writes the new
    manifest to disk first. When it raises, nothing has changed, in memory or on disk.
    """

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
        self._holders = 0
        self._used = time.monotonic()
        self._closed = False
        self._history = History(folder, disk, limits.undo_steps)
        try:
            self._history.load()
            self._stored = self._measure()  # bytes of samples, models, checkpoints and runs
            if not self._history.damage:
                self.collect_garbage()
            self.missing = self._find_missing()
        except OSError as error:
            raise failure(error) from error

    def __repr__(self) -> str:
        return f"<Workspace at revision {self.revision}>"  # the token is a secret

    # Reading

    @property
    def manifest(self) -> Manifest:
        """The visible state just now."""
        self._used = time.monotonic()
        return self._history.present.manifest

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._history.present.number

    @property
    def problems(self) -> tuple[str, ...]:
        """What was found damaged or missing on disk, in words; empty when all is well."""
        lost = (
            (
                f"{_count(len(self.missing), 'file')} of samples or checkpoints cannot be read; "
                "the rest works. Delete them, or add them again.",
            )
            if self.missing
            else ()
        )
        return self._history.damage + lost

    def labels(self) -> Labels:
        """The enabled labels at the model's outputs."""
        return Labels(self.manifest.output_names())

    def sample_file(self, sample_id: str) -> tuple[bytes, str]:
        """Bytes and suffix ("png" or "npy") of a sample. SampleError when missing or damaged."""
        sample = self._sample(sample_id)
        return self._sample_bytes(sample), sample.suffix

    def sample_array(self, sample_id: str) -> np.ndarray:
        """The sample as it was added. SampleError when missing or damaged."""
        return pictures.decode(*self.sample_file(sample_id))

    def thumbnail(self, sample_id: str, side: int = 96) -> bytes:
        """A PNG of at most `side` × `side` pixels. SampleError when missing or damaged."""
        sample = self._sample(sample_id)
        if side not in _THUMBNAIL_SIDES:
            raise SampleError(f"A thumbnail cannot be {side} pixels wide. Ask for 8 to 1024.")
        found = _THUMBNAILS.get(sample.sha256, side)
        if found is None:
            found = pictures.thumbnail(self._sample_bytes(sample), sample.suffix, side)
            _THUMBNAILS.put(sample.sha256, side, found)
        return found

    def raw_samples(self, part: Part | None = None) -> RawSamples:
        """The samples of all enabled labels, oldest first; only those of `part` when it is given.

        Samples whose file is missing or damaged are left out and named in `missing`.
        """
        manifest = self.manifest
        names = {
            label.id: label.name
            for label in manifest.labels
            if label.enabled and label.output is not None
        }
        found: list[tuple[np.ndarray, str, str]] = []
        for sample in manifest.samples:
            if sample.label in names and part in (None, sample.part):
                try:
                    item = pictures.decode(self._sample_bytes(sample), sample.suffix)
                except SampleError:
                    self.missing |= {sample.id}
                else:
                    found.append((item, names[sample.label], sample.origin or sample.id))
        items, labels, origins = zip(*found, strict=True) if found else ((), (), ())
        return RawSamples(items, labels, origins)

    def export_zip(self) -> bytes:
        """All readable samples as a zip of label folders."""
        manifest = self.manifest
        files = []
        for sample in manifest.samples:
            with contextlib.suppress(SampleError):
                files.append((sample, self._sample_bytes(sample)))
        return zip_samples(manifest.labels, files)

    def model_bytes(self) -> bytes | None:
        """The uploaded .tflite, or None when the model is a bundled one (or there is none)."""
        model = self.manifest.model
        if model is None or model.sha256 is None:
            return None
        data = self._file("models", f"{model.sha256}.tflite", model.sha256)
        if data is None:
            raise ModelError(f"The file of '{model.name}' is missing. Upload the model again.")
        return data

    def checkpoint_bytes(self, checkpoint_id: str) -> bytes:
        """The safetensors file of a checkpoint. CheckpointError when missing or damaged."""
        entry = self.manifest.checkpoint(checkpoint_id)
        if entry is None:
            raise CheckpointError("That checkpoint is not there any more. Reload the page.")
        data = self._file("checkpoints", f"{entry.id}.safetensors", entry.sha256)
        if data is None:
            raise CheckpointError(
                f"The checkpoint of step {entry.info.step} is missing or damaged on disk. "
                "Choose another one."
            )
        return data

    # Model, labels, settings

    def set_model(
        self, name: str, labels: Labels, *, data: bytes | None = None, bundled: str | None = None
    ) -> None:
        """Another model: an uploaded .tflite (`data`), or the bundled one called `bundled`.

        `name` is what the person reads. `labels` are the model's own. Samples stay (see
        `changes.with_model`); your model is the base model again. Raises ModelError.
        """
        if (data is None) == (bundled is None):
            raise ModelError("Give either the bytes of a .tflite or the name of a bundled model.")
        if data is not None and len(data) > self.limits.model_bytes:
            raise ModelError(
                f"'{name}' has {len(data) / 1e6:.0f} MB; at most "
                f"{self.limits.model_bytes / 1e6:.0f} MB are taken. Use a smaller model."
            )
        if sum(label is not None for label in labels.names) > self.limits.labels:
            raise ModelError(
                f"'{name}' has {len(labels.names)} outputs; at most {self.limits.labels} labels "
                "can be shown. Use a model with fewer outputs."
            )
        sha = None if data is None else pictures.digest(data)
        model = ModelEntry(clean_origin(name) or "model", bundled, sha, labels.names)
        files = {} if data is None else {f"models/{sha}.tflite": data}
        with self._changing() as manifest:
            changed = changes.with_model(manifest, model, _new_ids())
            step = f"choose the model '{model.name}'" if manifest.model else ""
            self._commit(changed, step, files=files)

    def add_label(self, name: str) -> LabelEntry:
        """A new label on the next free output of the model. Raises LabelError."""
        text = clean_label(name, self.limits.label_length)
        with self._changing() as manifest:
            self._check_label_count(manifest)
            changed = changes.with_label(manifest, next(_new_ids()), text)
            self._commit(changed, f"add the label '{text}'")
            return changed.labels[-1]

    def rename_label(self, label_id: str, name: str) -> None:
        """Another name for a label. Raises LabelError."""
        text = clean_label(name, self.limits.label_length)
        with self._changing() as manifest:
            changed = changes.with_label_name(manifest, label_id, text)
            self._commit(changed, f"rename '{_name(manifest, label_id)}' to '{text}'")

    def enable_label(self, label_id: str, enabled: bool) -> None:
        """Use a label in training and predictions, or leave it out. Raises LabelError."""
        with self._changing() as manifest:
            changed = changes.with_label_enabled(manifest, label_id, enabled)
            verb = "enable" if enabled else "disable"
            self._commit(changed, f"{verb} the label '{_name(manifest, label_id)}'")

    def delete_label(self, label_id: str) -> None:
        """Delete a label and its samples. Raises LabelError."""
        with self._changing() as manifest:
            changed = changes.without_label(manifest, label_id)
            lost = len(manifest.samples) - len(changed.samples)
            also = f" and its {_count(lost, 'sample')}" if lost else ""
            self._commit(changed, f"delete the label '{_name(manifest, label_id)}'{also}")

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Other training settings, as JSON values. Several in a row are undone as one."""
        try:
            text = json.dumps(dict(settings), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise WorkspaceError(f"These settings cannot be saved: {error}.") from error
        if len(text) > self.limits.settings_bytes:
            raise WorkspaceError("These settings are too long to be saved. Shorten them.")
        with self._changing() as manifest:
            changed = changes.with_settings(manifest, json.loads(text))
            self._commit(changed, "change the settings", group="settings")

    def reset(self) -> None:
        """No samples, the model's own labels, the base model. Checkpoints and runs stay."""
        with self._changing() as manifest:
            self._commit(changes.emptied(manifest, _new_ids()), "empty the workspace")

    # Samples

    def add_samples(
        self,
        items: Sequence[np.ndarray],
        label_id: str,
        source: Source,
        names: Sequence[str] = (),
    ) -> AddReport:
        """Add samples to one label, all or none; `names` say where each came from.

        items: each uint8 [H, W], [H, W, 1|3|4] or float32 of any shape. What the label has
        already is ignored. Raises SampleError, LabelError, WorkspaceError.
        """
        encoded = self._encoded(items, names)
        with self._changing() as manifest:
            if manifest.label(label_id) is None:
                raise LabelError("That label is not there any more. Reload the page.")
            labels = [label_id] * len(encoded)
            return self._add(manifest, labels, encoded, source, f"'{_name(manifest, label_id)}'")

    def add_raw(self, raw: RawSamples, source: Source) -> AddReport:
        """Add samples that carry their labels, all or none; new labels are made for new names.

        Raises SampleError, LabelError (no output left for a new label), WorkspaceError.
        """
        encoded = self._encoded(raw.items, raw.names)
        with self._changing() as manifest:
            ids: dict[str, str] = {}
            for name in dict.fromkeys(raw.labels):
                text = clean_label(name, self.limits.label_length)
                known = changes.label_called(manifest.labels, text)
                if known is None:
                    self._check_label_count(manifest)
                    manifest = changes.with_label(manifest, next(_new_ids()), text)
                ids[name] = known.id if known else manifest.labels[-1].id
            labels = [ids[name] for name in raw.labels]
            return self._add(manifest, labels, encoded, source, _count(len(ids), "label"))

    def delete_samples(self, sample_ids: Sequence[str]) -> None:
        """Delete samples. Raises WorkspaceError when one of them is not there."""
        with self._changing() as manifest:
            changed = changes.without_samples(manifest, set(sample_ids))
            self._commit(changed, f"delete {_samples_in_words(manifest, set(sample_ids))}")

    def move_sample(self, sample_id: str, part: Part) -> None:
        """Use a sample for training or for testing. Raises WorkspaceError."""
        self.move_samples([sample_id], part)

    def move_samples(self, sample_ids: Sequence[str], part: Part) -> None:
        """Use samples for training or for testing. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.with_part(manifest, set(sample_ids), part)
            words = _samples_in_words(manifest, set(sample_ids))
            purpose = "testing" if part is Part.TEST else "training"
            self._commit(changed, f"use {words} for {purpose}")

    # Checkpoints

    def add_checkpoint(
        self, data: bytes, info: CheckpointInfo, *, as_head: bool = False
    ) -> CheckpointEntry:
        """Keep a checkpoint; with `as_head` it becomes your model in the same step.

        An automatic one that does not become your model is no step to undo, and undoing other
        steps leaves it there. Raises WorkspaceError when there are too many kept by hand.
        """
        info = replace(info, note=clean_note(info.note, self.limits.note_length))
        automatic = info.kind.automatic
        with self._changing() as manifest:
            if manifest.model is None:
                raise WorkspaceError("Choose a model before you save a checkpoint.")
            kept = sum(not entry.info.kind.automatic for entry in manifest.checkpoints)
            if not automatic and kept >= self.limits.kept_checkpoints:
                raise WorkspaceError(
                    f"There are {kept} saved checkpoints, the most that are kept. Delete one first."
                )
            number = self._history.present.next_number
            entry = CheckpointEntry(
                id=f"c{number:07d}{secrets.token_hex(4)}",
                info=info,
                model=manifest.model.key,
                sha256=pictures.digest(data),
                bytes=len(data),
                added=self._clock(),
            )
            changed = changes.with_checkpoint(manifest, entry, as_head=as_head)
            heads = {revision.manifest.head for revision in self._history.kept}
            limit = self.limits.automatic_checkpoints
            changed = changes.thinned(changed, limit, {head for head in heads if head})
            self._commit(
                changed,
                _CHECKPOINT_STEPS.get(info.kind, f"train to step {info.step}"),
                fact=automatic and not as_head,
                files={f"checkpoints/{entry.id}.safetensors": data},
                next_number=number + 1,
            )
            for old in {old.id for old in manifest.checkpoints} - {
                new.id for new in changed.checkpoints
            }:
                self._disk.remove(self._folder / "checkpoints" / f"{old}.safetensors")
            return entry

    def delete_checkpoint(self, checkpoint_id: str) -> None:
        """Delete a checkpoint that is not your model just now. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.without_checkpoint(manifest, checkpoint_id)
            self._commit(changed, f"delete the checkpoint {_step(manifest, checkpoint_id)}")

    def note_checkpoint(self, checkpoint_id: str, note: str) -> None:
        """Write a note to a checkpoint. Raises WorkspaceError."""
        text = clean_note(note, self.limits.note_length)
        with self._changing() as manifest:
            changed = changes.with_note(manifest, checkpoint_id, text)
            self._commit(changed, f"note on the checkpoint {_step(manifest, checkpoint_id)}")

    def set_head(self, checkpoint_id: str | None) -> None:
        """Your model is that checkpoint from now on, or the base model. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.with_head(manifest, checkpoint_id)
            step = (
                "go back to the base model"
                if checkpoint_id is None
                else f"restore the checkpoint {_step(manifest, checkpoint_id)}"
            )
            self._commit(changed, step)

    # Runs

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
            size = path.stat().st_size if path.exists() else 0
            if size + len(data) > self.limits.run_bytes:
                return False
            self._make_room(len(data))
            if size and not _ends_with_newline(path):
                data = b"\n" + data  # the last append was cut short by a power cut
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

    # Undo and redo

    @property
    def undo_step(self) -> str | None:
        """What undo would undo, in words, or None when there is nothing."""
        present = self._history.present
        return present.step if self._history.get(present.undo) else None

    @property
    def redo_step(self) -> str | None:
        """What redo would do again, in words, or None when there is nothing."""
        target = self._history.get(self._history.present.redo)
        return target.step if target else None

    def undo(self) -> str:
        """Take the last step back; returns what it was. WorkspaceError when there is none."""
        with self._changing():
            present = self._history.present
            target = self._history.get(present.undo)
            if target is None:
                raise WorkspaceError("There is nothing to undo.")
            self._travel(target, undo=target.undo, redo=present.number)
            return present.step

    def redo(self) -> str:
        """Do an undone step again; returns what it was. WorkspaceError when there is none."""
        with self._changing():
            present = self._history.present
            target = self._history.get(present.redo)
            if target is None:
                raise WorkspaceError("There is nothing to redo.")
            self._travel(target, undo=present.number, redo=target.redo)
            return target.step

    # Life

    @contextlib.contextmanager
    def hold(self) -> Iterator["Workspace"]:
        """While held, for example by a training run, the workspace is neither closed nor swept."""
        with self._changing():
            self._holders += 1
        try:
            yield self
        finally:
            with self._lock:
                self._holders -= 1

    @property
    def held(self) -> bool:
        """Whether something holds it open."""
        return self._holders > 0

    @property
    def idle(self) -> float:
        """Seconds since anything read or changed it."""
        return time.monotonic() - self._used

    def collect_garbage(self) -> None:
        """Remove the files that no kept manifest names, and what cut-short writes have left."""
        with self._lock:
            keep = self._named_files()
            for folder in FOLDERS:
                for name, size in self._disk.names(self._folder / folder).items():
                    named = folder in ("index", "history") or f"{folder}/{name}" in keep
                    if is_temporary(name) or not named:
                        self._disk.remove(self._folder / folder / name)
                        self._stored -= size if folder in _COUNTED else 0

    def close(self) -> None:
        """Collect garbage and let go of it; `Workspaces.open` opens it again."""
        with self._lock:
            if not self._closed:
                if not self._history.damage:  # else someone may want to look at the files
                    with contextlib.suppress(OSError):
                        self.collect_garbage()
                self._closed = True

    # Inside

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
        new = self._absent(files or {})
        if new:
            if manifest.bytes > self.limits.workspace_bytes:
                raise WorkspaceError(
                    f"The workspace is full ({self.limits.workspace_bytes / 1e6:.0f} MB). "
                    "Delete samples or checkpoints first."
                )
            self._make_room(sum(map(len, new.values())))
            new = self._absent(files or {})  # making room may have removed more of them
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
            for path in new:
                self._disk.remove(path)
            raise
        self._stored += sum(map(len, new.values()))

    def _absent(self, files: Mapping[str, bytes]) -> dict[Path, bytes]:
        """Those that are not on disk yet; their names tell their content."""
        paths = {self._folder / name: data for name, data in files.items()}
        return {path: data for path, data in paths.items() if self._disk.size(path) != len(data)}

    def _travel(self, target: Revision, *, undo: int | None, redo: int | None) -> None:
        present = self._history.present
        try:
            names = self._disk.names(self._folder / "checkpoints")
        except OSError as error:
            raise failure(error) from error
        exists = {name.removesuffix(".safetensors") for name in names}
        manifest = changes.travelled(present.manifest, target.manifest, exists)
        self._history.commit(
            replace(
                target, manifest=manifest, undo=undo, redo=redo, next_number=present.next_number
            )
        )

    def _encoded(
        self, items: Sequence[np.ndarray], names: Sequence[str]
    ) -> list[tuple[bytes, str, str]]:
        """Bytes, suffix and origin of each item; outside the lock, since PNG takes its time."""
        if names and len(names) != len(items):
            raise SampleError(f"{len(items)} samples came with {len(names)} names.")
        if len(items) > self.limits.samples:
            raise self._too_many(len(items), len(self.manifest.samples))
        origins = [clean_origin(name) for name in names] or [""] * len(items)
        return [
            (*pictures.encode(item, self.limits), origin)
            for item, origin in zip(items, origins, strict=True)
        ]

    def _add(
        self,
        manifest: Manifest,
        labels: Sequence[str],
        encoded: Sequence[tuple[bytes, str, str]],
        source: Source,
        where: str,
    ) -> AddReport:
        number = self._history.present.next_number
        now = self._clock()
        seeds = {label.id: label.output or 0 for label in manifest.labels}
        counts = Counter([sample.label for sample in manifest.samples])
        tests = Counter([s.label for s in manifest.samples if s.part is Part.TEST])
        digests = [pictures.digest(data) for data, _, _ in encoded]
        known: dict[str, list[str]] = {sha: [] for sha in digests}  # -> ids of labels that have it
        for sample in manifest.samples:
            if sample.sha256 in known:
                known[sample.sha256].append(sample.label)
        added: list[SampleEntry] = []
        duplicates: list[str] = []
        elsewhere: list[Elsewhere] = []
        files: dict[str, bytes] = {}
        self._heal(manifest, encoded)
        for label, sha, (data, suffix, origin) in zip(labels, digests, encoded, strict=True):
            others = known[sha]
            if label in others:
                duplicates.append(origin)
                continue
            if others:
                elsewhere.append(Elsewhere(origin, _name(manifest, others[0])))
            others.append(label)
            part = part_of_next(counts[label], tests[label], seeds[label])
            counts[label] += 1
            tests[label] += part is Part.TEST
            entry = SampleEntry(
                number + len(added), sha, suffix, len(data), label, part, source, origin, now
            )
            added.append(entry)
            files[f"samples/{sha}.{suffix}"] = data
        if len(manifest.samples) + len(added) > self.limits.samples:
            raise self._too_many(len(added), len(manifest.samples))
        if added:
            self._commit(
                changes.with_samples(manifest, added),
                f"add {_count(len(added), 'sample')} to {where}",
                files=files,
                next_number=number + len(added),
            )
        return AddReport(tuple(added), tuple(duplicates), tuple(elsewhere))

    def _heal(self, manifest: Manifest, encoded: Sequence[tuple[bytes, str, str]]) -> None:
        """Write the files of missing or damaged samples that were just given again."""
        if self.missing:
            lost = {s.sha256: s for s in manifest.samples if s.id in self.missing}
            given = {pictures.digest(data): data for data, _, _ in encoded}
            found = [sample for sha, sample in lost.items() if sha in given]
            self._disk.write(
                {
                    self._folder / "samples" / f"{sample.sha256}.{sample.suffix}": given[
                        sample.sha256
                    ]
                    for sample in found
                }
            )
            healed = {sample.sha256 for sample in found}
            self.missing -= {sample.id for sample in manifest.samples if sample.sha256 in healed}

    def _too_many(self, new: int, there: int) -> SampleError:
        return SampleError(
            f"{_count(new, 'new sample')} would make more than {self.limits.samples:,}; there are "
            f"{there:,} already. Add fewer, or delete some first."
        )

    def _check_label_count(self, manifest: Manifest) -> None:
        if len(manifest.labels) >= self.limits.labels:
            raise LabelError(
                f"There are {len(manifest.labels)} labels, the most that are kept. Delete one."
            )

    def _sample(self, sample_id: str) -> SampleEntry:
        samples = self.manifest.samples
        number = int(sample_id[1:]) if re.fullmatch(r"s[0-9]{1,12}", sample_id) else -1
        place = bisect_left(samples, number, key=lambda sample: sample.number)
        if place < len(samples) and samples[place].number == number:
            return samples[place]
        raise SampleError("That sample is not there any more. Reload the page.")

    def _sample_bytes(self, sample: SampleEntry) -> bytes:
        data = self._file("samples", f"{sample.sha256}.{sample.suffix}", sample.sha256)
        if data is None:
            self.missing |= {sample.id}
            raise SampleError(
                f"The file of the sample {sample.origin or sample.id} is missing or damaged on "
                "disk. Delete the sample, or add it again."
            )
        return data

    def _file(self, folder: str, name: str, sha256: str) -> bytes | None:
        """The bytes of a file, or None when it is missing or is not what it was."""
        try:
            data = self._disk.read(self._folder / folder / name)
        except OSError:
            return None
        return data if pictures.digest(data) == sha256 else None

    def _run_path(self, manifest: Manifest, run_id: str) -> Path:
        if all(run.id != run_id for run in manifest.runs):
            raise WorkspaceError("That training run is not there any more. Reload the page.")
        return self._folder / "runs" / f"{run_id}.jsonl"

    def _named_files(self) -> set[str]:
        manifests = [revision.manifest for revision in self._history.kept]
        samples = {id(sample): sample for manifest in manifests for sample in manifest.samples}
        named = {f"samples/{sample.sha256}.{sample.suffix}" for sample in samples.values()}
        for manifest in manifests:
            named |= {f"checkpoints/{entry.id}.safetensors" for entry in manifest.checkpoints}
            named |= {f"runs/{run.id}.jsonl" for run in manifest.runs}
            if manifest.model and manifest.model.sha256:
                named.add(f"models/{manifest.model.sha256}.tflite")
        return named

    def _find_missing(self) -> frozenset[str]:
        manifest = self._history.present.manifest
        samples = self._disk.names(self._folder / "samples")
        checkpoints = self._disk.names(self._folder / "checkpoints")
        return frozenset(
            [s.id for s in manifest.samples if samples.get(f"{s.sha256}.{s.suffix}") != s.bytes]
            + [c.id for c in manifest.checkpoints if f"{c.id}.safetensors" not in checkpoints]
        )

    def _measure(self) -> int:
        return sum(sum(self._disk.names(self._folder / name).values()) for name in _COUNTED)

    def _make_room(self, more: int) -> None:
        """WorkspaceError when `more` bytes do not fit; undo steps go before samples are refused."""
        limit = 2 * self.limits.workspace_bytes + self.limits.model_bytes
        if self._stored + more > limit:
            self.collect_garbage()
        if self._stored + more > limit:
            self._history.forget_steps()
            self.collect_garbage()
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise failure(error) from error
        if self._stored + more > limit or free - more < self.limits.spare_disk_bytes:
            raise WorkspaceError(
                "There is no room for this on the disk. Delete samples or checkpoints, or free "
                "space on the server."
            )


_CHECKPOINT_STEPS = {Kind.MANUAL: "save a checkpoint", Kind.UPLOADED: "upload a checkpoint"}


def _new_ids() -> Iterator[str]:
    while True:
        yield f"l{secrets.token_hex(6)}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _name(manifest: Manifest, label_id: str) -> str:
    label = manifest.label(label_id)
    return label.name if label else "?"


def _step(manifest: Manifest, checkpoint_id: str) -> str:
    entry = manifest.checkpoint(checkpoint_id)
    return f"of step {entry.info.step}" if entry else "?"


def _samples_in_words(manifest: Manifest, ids: set[str]) -> str:
    labels = {sample.label for sample in manifest.samples if sample.id in ids}
    of = f"'{_name(manifest, labels.pop())}'" if len(labels) == 1 else f"{len(labels)} labels"
    return f"{_count(len(ids), 'sample')} of {of}"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
