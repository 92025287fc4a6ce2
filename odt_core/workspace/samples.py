"""Samples of a workspace: kept by content, set aside for testing, shown as small pictures."""

import contextlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odt_core.errors import LabelError, SampleError
from odt_core.samples import RawSamples
from odt_core.workspace import changes, pictures
from odt_core.workspace.archive import zip_samples
from odt_core.workspace.holdout import part_of_next
from odt_core.workspace.labels import HasLabels
from odt_core.workspace.manifest import Manifest, Part, SampleEntry, Source
from odt_core.workspace.names import clean_label, clean_origin
from odt_core.workspace.words import count, label_name, new_ids, samples_in_words

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
        said = [f"Added {count(len(self.added), 'sample')}" if self.added else "Nothing added"]
        if tests:
            said[0] += f", {tests} of them set aside for testing"
        if self.duplicates:
            said.append(f"{count(len(self.duplicates), 'sample')} already there")
        if self.elsewhere:
            first = self.elsewhere[0]
            said.append(
                f"{count(len(self.elsewhere), 'picture')} also under another label "
                f"({first.name or 'a drawing'!s} under '{first.label}'): delete one of the two"
            )
        return ". ".join(said) + "."


class HasSamples(HasLabels):
    """The part of a workspace that knows samples."""

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

    # Changing

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
            return self._add(
                manifest, labels, encoded, source, f"'{label_name(manifest, label_id)}'"
            )

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
                    manifest = changes.with_label(manifest, next(new_ids()), text)
                ids[name] = known.id if known else manifest.labels[-1].id
            labels = [ids[name] for name in raw.labels]
            return self._add(manifest, labels, encoded, source, count(len(ids), "label"))

    def delete_samples(self, sample_ids: Sequence[str]) -> None:
        """Delete samples. Raises WorkspaceError when one of them is not there."""
        with self._changing() as manifest:
            changed = changes.without_samples(manifest, set(sample_ids))
            self._commit(changed, f"delete {samples_in_words(manifest, set(sample_ids))}")

    def move_sample(self, sample_id: str, part: Part) -> None:
        """Use a sample for training or for testing. Raises WorkspaceError."""
        self.move_samples([sample_id], part)

    def move_samples(self, sample_ids: Sequence[str], part: Part) -> None:
        """Use samples for training or for testing. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.with_part(manifest, set(sample_ids), part)
            words = samples_in_words(manifest, set(sample_ids))
            purpose = "testing" if part is Part.TEST else "training"
            self._commit(changed, f"use {words} for {purpose}")

    # Inside

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
                elsewhere.append(Elsewhere(origin, label_name(manifest, others[0])))
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
                f"add {count(len(added), 'sample')} to {where}",
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
            f"{count(new, 'new sample')} would make more than {self.limits.samples:,}; there are "
            f"{there:,} already. Add fewer, or delete some first."
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
