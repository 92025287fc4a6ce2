"""Samples of a workspace: kept by content, set aside for testing, shown as small pictures."""

import contextlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from odt_core.errors import LabelError, SampleError
from odt_core.samples import Labels, RawSamples
from odt_core.words import count, some_of
from odt_core.workspace import changes, outputs, pictures
from odt_core.workspace.archive import zip_samples
from odt_core.workspace.arrivals import Elsewhere, Encoded, arrivals
from odt_core.workspace.holdout import whole_takes
from odt_core.workspace.labels import HasLabels
from odt_core.workspace.manifest import Manifest, Part, SampleEntry, Source
from odt_core.workspace.names import clean_label, clean_origin
from odt_core.workspace.words import label_name, new_ids, samples_in_words

_THUMBNAIL_SIDES = range(8, 1025)  # pixels


@dataclass(frozen=True)
class AddReport:
    """What became of the samples that were given."""

    added: tuple[SampleEntry, ...] = ()
    duplicates: tuple[str, ...] = ()  # names of those that the label had already; ignored
    elsewhere: tuple[Elsewhere, ...] = ()  # added, but a second label contradicts the first
    alike: tuple[tuple[str, str], ...] = ()  # (name that came, label that reads the same)

    @property
    def summary(self) -> str:
        """The report in a sentence or three."""
        tests = sum(sample.part is Part.TEST for sample in self.added)
        said = [f"Added {count(len(self.added), 'sample')}" if self.added else "Nothing added"]
        if tests:
            which = "" if len(self.added) == 1 else f"{tests} of them "
            said[0] += f", {which}set aside for testing"
        if self.duplicates:
            said.append(f"{count(len(self.duplicates), 'sample')} already there")
        if self.elsewhere:
            first = self.elsewhere[0]
            said.append(
                f"{count(len(self.elsewhere), 'sample')} also under another label "
                f"({first.name or 'a drawing'!s} under '{first.label}'): delete one of the two"
            )
        if self.alike:
            pairs = some_of([f"'{name}' for '{label}'" for name, label in self.alike])
            said.append(f"Labels that read the same are taken for one: {pairs}")
        return ". ".join(said) + "."


class HasSamples(HasLabels):
    """The part of a workspace that knows samples."""

    def sample_file(self, sample_id: str) -> tuple[bytes, str]:
        """Bytes and suffix of a sample: "png", "jpg" or "npy". SampleError when it is damaged."""
        sample = self._sample(sample_id)
        return self._sample_bytes(sample), sample.suffix

    @property
    def why_full(self) -> str:
        """Why not one more sample can be added, and what to do about it; "": there is room."""
        most = self.limits.samples
        if len(self.manifest.samples) < most:
            return ""
        return f"There are {most:,} samples, the most that a workspace holds. Delete some first."

    def sample_array(self, sample_id: str) -> np.ndarray:
        """The sample as it was added. SampleError when missing or damaged."""
        return pictures.decode(*self.sample_file(sample_id))

    def sample_target(self, sample_id: str) -> np.ndarray | None:
        """The numbers that a model of values is to give for it, float32; None without any."""
        sample = self._sample(sample_id)
        return pictures.decode(self._target_bytes(sample), "npy") if sample.target else None

    def thumbnail(self, sample_id: str, side: int = 96) -> bytes:
        """A PNG or JPEG of at most `side` × `side` pixels. SampleError when missing or damaged."""
        sample = self._sample(sample_id)
        if side not in _THUMBNAIL_SIDES:
            raise SampleError(f"A thumbnail cannot be {side} pixels wide. Ask for 8 to 1024.")
        found = pictures.THUMBNAILS.get(sample.sha256, side)
        if found is None:
            found = pictures.thumbnail(self._sample_bytes(sample), sample.suffix, side)
            pictures.THUMBNAILS.put(sample.sha256, side, found)
        return found

    def raw_samples(self, part: Part | None = None) -> RawSamples:
        """The samples of all enabled labels, oldest first; only those of `part` when it is given.

        Samples without a label come too, labelled "". Samples whose file is missing or damaged are
        left out and named in `missing`.
        """
        manifest = self.manifest
        names = {"": ""} | {
            label.id: label.name
            for label in manifest.labels
            if label.enabled and label.output is not None
        }
        found: list[tuple[np.ndarray, str, str, np.ndarray | None]] = []
        for sample in manifest.samples:
            if sample.label in names and part in (None, sample.part):
                with contextlib.suppress(SampleError):  # it is named in `missing` now
                    item = pictures.decode(self._sample_bytes(sample), sample.suffix)
                    target = self.sample_target(sample.id)
                    found.append((item, names[sample.label], sample.origin or sample.id, target))
        items, labels, origins, targets = zip(*found, strict=True) if found else ((), (), (), ())
        known = any(target is not None for target in targets)
        return RawSamples(items, labels, origins, targets if known else ())

    def export_zip(self) -> bytes:
        """All readable samples as a zip of label folders, targets beside them, that `read_samples`
        reads back with the same labels, targets and test samples.
        """
        manifest = self.manifest
        files: list[tuple[SampleEntry, bytes, bytes | None]] = []
        for sample in manifest.samples:
            with contextlib.suppress(SampleError):
                target = self._target_bytes(sample) if sample.target else None
                files.append((sample, self._sample_bytes(sample), target))
        return zip_samples((*manifest.labels, *manifest.resting), files)

    # Changing

    def add_samples(
        self,
        items: Sequence[np.ndarray],
        label_id: str,
        source: Source,
        names: Sequence[str] = (),
        targets: Sequence[np.ndarray | None] = (),
        take: str = "",
    ) -> AddReport:
        """Add samples to one label, all or none; `names` say where each came from.

        items: each uint8 [H, W], [H, W, 1|3|4] or float32 of any shape. label_id: "" for samples
        without a label. targets: float32, for a model of values. take: a name that the pictures of
        one burst share; they may come in several calls, are all trained on or all tested, and are
        undone as one step. What the label has already is ignored, and a picture that comes twice;
        numbers that come several times are as many samples. Raises SampleError, LabelError,
        WorkspaceError.
        """
        encoded = self._encoded(items, names, targets)
        with self._changing() as manifest:
            if label_id and manifest.label(label_id) is None:
                raise LabelError("That label is not there any more. Choose another one.")
            labels = [label_id] * len(encoded)
            where = f"'{label_name(manifest, label_id)}'" if label_id else "the samples"
            return self._add(manifest, labels, encoded, source, where, take)

    def add_raw(
        self, raw: RawSamples, source: Source, more_outputs: Sequence[str | None] = ()
    ) -> AddReport:
        """Add samples that carry their labels, all or none; new labels are made for new names.

        Those whose label is "" get none. Those that `raw.tests` says something of are used for
        testing, or for training, as it says. more_outputs: names of outputs that the model has
        besides, where its file does not say how many there are. Raises SampleError, LabelError (no
        output left for a new label), WorkspaceError.
        """
        encoded = self._encoded(raw.items, raw.names, raw.targets)
        with self._changing() as manifest:
            ids = {"": ""}
            texts = {name: clean_label(name) for name in dict.fromkeys(raw.labels) if name}
            if manifest.model and more_outputs:
                self._check_label_count(manifest, len(more_outputs))
                names = Labels((*manifest.model.outputs, *more_outputs)).names
                model = replace(manifest.model, outputs=names)
                manifest = outputs.with_description(manifest, model, new_ids())
            manifest = outputs.with_outputs_named(manifest, texts.values())
            trained = self._trained_names(manifest)
            alike = {}
            for name, text in texts.items():
                known = outputs.label_called(manifest.labels, text)
                if known is None:
                    self._check_label_count(manifest)
                    manifest = changes.with_label(manifest, next(new_ids()), text, trained)
                elif known.name != text:
                    alike[text] = known.name
                ids[name] = known.id if known else manifest.labels[-1].id
            labels = [ids[name] for name in raw.labels]
            where = _where(raw.labels)
            report = self._add(manifest, labels, encoded, source, where, tests=raw.tests)
            return replace(report, alike=tuple(alike.items()))

    def delete_samples(self, sample_ids: Sequence[str]) -> None:
        """Delete samples. Raises WorkspaceError when one of them is not there."""
        with self._changing() as manifest:
            changed = changes.without_samples(manifest, set(sample_ids))
            self._commit(changed, f"delete {samples_in_words(manifest, set(sample_ids))}")

    def move_sample(self, sample_id: str, part: Part) -> None:
        """Use a sample for training or for testing. Raises WorkspaceError."""
        self.move_samples([sample_id], part)

    def move_samples(self, sample_ids: Sequence[str], part: Part) -> None:
        """Use samples for training or for testing, whole takes at a time. Raises WorkspaceError."""
        with self._changing() as manifest:
            ids = whole_takes(manifest.samples, set(sample_ids))
            changed = changes.with_part(manifest, ids, part, self._clock())
            words = samples_in_words(manifest, ids)
            purpose = "testing" if part is Part.TEST else "training"
            self._commit(changed, f"use {words} for {purpose}")

    # Inside

    def _encoded(
        self,
        items: Sequence[np.ndarray],
        names: Sequence[str],
        targets: Sequence[np.ndarray | None] = (),
    ) -> list[Encoded]:
        """Each item as bytes; outside the lock, since PNG takes its time."""
        if names and len(names) != len(items):
            raise SampleError(f"{len(items)} samples came with {len(names)} names.")
        if len(items) > self.limits.samples:
            raise self._too_many(len(items), len(self.manifest.samples))
        if targets and len(targets) != len(items):
            raise SampleError(f"{len(items)} samples came with {len(targets)} targets.")
        origins = [clean_origin(name) for name in names] or [""] * len(items)
        return [
            Encoded(
                *pictures.encode(item, self.limits),
                origin,
                b"" if target is None else pictures.encode_numbers(target, self.limits),
            )
            for item, origin, target in zip(
                items, origins, targets or [None] * len(items), strict=True
            )
        ]

    def _add(
        self,
        manifest: Manifest,
        labels: Sequence[str],
        encoded: Sequence[Encoded],
        source: Source,
        where: str,
        take: str = "",
        tests: Sequence[bool | None] = (),
    ) -> AddReport:
        self._heal(encoded)
        number = self._history.present.next_number
        new = arrivals(
            manifest,
            encoded,
            labels,
            tests,
            take=take,
            source=source,
            first=number,
            now=self._clock(),
        )
        entries = new.entries
        if len(manifest.samples) + len(entries) > self.limits.samples:
            raise self._too_many(len(entries), len(manifest.samples))
        many = len(entries)
        if entries and take:
            label, part = entries[0].label, entries[0].part
            before = {s.id for s in manifest.samples if (s.take, s.label) == (take, label)}
            manifest = changes.with_part(manifest, before, part)
            many += len(before)
        if entries:
            self._commit(
                changes.with_samples(manifest, entries),
                f"add {count(many, 'sample')} to {where}",
                group=f"take {take}" if take else "",
                files=new.files,
                next_number=number + len(entries),
            )
        return AddReport(entries, new.duplicates, new.elsewhere)

    def _heal(self, encoded: Sequence[Encoded]) -> None:
        """Write the files of missing or damaged samples that were just given again, and of those
        that undo brings back.
        """
        if self.missing:
            given = {one.key: one for one in encoded}
            found = {
                sample.id: given[sample.sha256, sample.target]
                for revision in self._history.kept
                for sample in revision.manifest.samples
                if sample.id in self.missing and (sample.sha256, sample.target) in given
            }
            files = {name: data for one in found.values() for name, data in one.files.items()}
            self._disk.write({self._folder / name: data for name, data in files.items()})
            self.missing -= set(found)

    def _too_many(self, new: int, there: int) -> SampleError:
        return SampleError(
            self.why_full
            or f"{count(new, 'new sample')} would make more than {self.limits.samples:,}; there "
            f"are {there:,} already. Add fewer, or delete some first."
        )

    def _sample(self, sample_id: str) -> SampleEntry:
        samples = self.manifest.samples
        number = int(sample_id[1:]) if re.fullmatch(r"s[0-9]{1,12}", sample_id) else -1
        place = bisect_left(samples, number, key=lambda sample: sample.number)
        if place < len(samples) and samples[place].number == number:
            return samples[place]
        raise SampleError("That sample is not there any more. Reload the page.")

    def _sample_bytes(self, sample: SampleEntry) -> bytes:
        return self._whole(sample, "file", f"{sample.sha256}.{sample.suffix}", sample.sha256)

    def _target_bytes(self, sample: SampleEntry) -> bytes:
        return self._whole(sample, "target", f"{sample.target}.npy", sample.target)

    def _whole(self, sample: SampleEntry, what: str, name: str, sha256: str) -> bytes:
        data = self._file("samples", name, sha256)
        if data is None:
            with self._lock:
                self.missing |= {sample.id}
            raise SampleError(
                f"The {what} of the sample {sample.origin or sample.id} is missing or damaged on "
                "disk. Delete the sample, or add it again."
            )
        return data


def _where(labels: Sequence[str]) -> str:
    kinds = {label for label in labels if label}
    if len(kinds) == 1:
        return f"'{kinds.pop()}'"
    return count(len(kinds), "label") if kinds else "the samples"
