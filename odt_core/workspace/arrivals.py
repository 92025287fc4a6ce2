"""Samples that are given to a workspace: which of them are new, and what each is for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from odt_core.workspace import pictures
from odt_core.workspace.holdout import part_of_next, part_of_take, tally
from odt_core.workspace.manifest import Manifest, Part, SampleEntry, Source
from odt_core.workspace.words import label_name


@dataclass(frozen=True)
class Encoded:
    """One sample on its way to disk."""

    data: bytes
    suffix: str
    origin: str
    target: bytes = b""  # an .npy, empty for none

    @cached_property
    def sha256(self) -> str:
        return pictures.digest(self.data)

    @cached_property
    def target_sha256(self) -> str:
        return pictures.digest(self.target) if self.target else ""

    @property
    def key(self) -> tuple[str, str]:
        """Equal for equal samples."""
        return self.sha256, self.target_sha256

    @property
    def files(self) -> dict[str, bytes]:
        """By name within the workspace's folder."""
        files = {f"samples/{self.sha256}.{self.suffix}": self.data}
        return files | ({f"samples/{self.target_sha256}.npy": self.target} if self.target else {})


@dataclass(frozen=True)
class Elsewhere:
    """A picture that was added although another label has the very same one."""

    name: str
    label: str


@dataclass(frozen=True)
class Arrivals:
    """entries: of the new samples, in the order given. files: of these, by name within the
    workspace's folder. duplicates: names of those that the label had already.
    """

    entries: tuple[SampleEntry, ...]
    files: Mapping[str, bytes]
    duplicates: tuple[str, ...]
    elsewhere: tuple[Elsewhere, ...]


def arrivals(
    manifest: Manifest,
    given: Sequence[Encoded],
    labels: Sequence[str],
    tests: Sequence[bool | None] = (),
    *,
    take: str = "",
    source: Source,
    first: int,
    now: float,
) -> Arrivals:
    """labels: ids, one a sample. tests: whether each is for testing, where somebody has said so.
    take: the burst that all are of, of one label then. first: the number of the first new sample.
    """
    seeds = {label.id: label.output or 0 for label in manifest.labels}
    counted = tally(manifest.samples)
    # -> ids of labels that have it; equal inputs with other targets are other samples
    known: dict[tuple[str, str], list[str]] = {one.key: [] for one in given}
    there = Counter[tuple[str, tuple[str, str]]]()
    for sample in manifest.samples:
        key = sample.sha256, sample.target
        if key in known:
            known[key].append(sample.label)
            there[sample.label, key] += 1
    entries: list[SampleEntry] = []
    duplicates: list[str] = []
    elsewhere: list[Elsewhere] = []
    files: dict[str, bytes] = {}
    for label, one, test in zip(labels, given, tests or (None,) * len(given), strict=True):
        others = known[one.key]
        there[label, one.key] -= 1
        # the same picture twice is a mistake, the same row of numbers twice are two samples
        if there[label, one.key] >= 0 or (label in others and one.suffix != "npy"):
            duplicates.append(one.origin)
            continue
        contrary = [other for other in others if other and label]
        if contrary:
            elsewhere.append(Elsewhere(one.origin, label_name(manifest, contrary[0])))
        others += [label] if label not in others else []
        part = part_of_next(counted.all[label], counted.tests[label], seeds.get(label, 0))
        if test is not None:
            part = Part.TEST if test else Part.TRAIN
        counted.all[label] += 1
        counted.tests[label] += part is Part.TEST
        entries.append(
            SampleEntry(
                number=first + len(entries),
                sha256=one.sha256,
                suffix=one.suffix,
                bytes=len(one.data),
                label=label,
                part=part,
                source=source,
                origin=one.origin,
                added=now,
                target=one.target_sha256,
                target_bytes=len(one.target),
                take=take,
            )
        )
        files |= one.files
    if take and entries:
        label = entries[0].label
        part = part_of_take(manifest.samples, label, take, len(entries), seeds.get(label, 0))
        entries = [replace(entry, part=part) for entry in entries]
    return Arrivals(tuple(entries), files, tuple(duplicates), tuple(elsewhere))
