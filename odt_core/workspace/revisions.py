"""The revisions of a manifest on disk: the present one, and those that undo and redo lead to.

Each change writes one small file, history/<revision>.json, that is never altered afterwards. It
names the revision that undo shows and the one that redo shows, so the present revision is simply
the newest file, and taking a step back writes another new file. Samples are too many to repeat in
every revision: sixty-four consecutive numbers share one file, index/<sha256>.json, named by its
content and written only when one of the sixty-four changes. The newest sixty-four, which change
most, stand in the revision itself. A change of a workspace with thousands of samples thus costs a
few kilobytes, and a hundred revisions share nearly everything.
"""

import hashlib
import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from odt_core.checkpoint.tempering import Tempering
from odt_core.errors import WorkspaceError
from odt_core.workspace.disk import Disk
from odt_core.workspace.manifest import (
    CheckpointEntry,
    CheckpointInfo,
    Kind,
    LabelEntry,
    LeftModel,
    Manifest,
    ModelEntry,
    Part,
    RunEntry,
    SampleEntry,
    Score,
    Source,
)

_FORMAT = 1
_PER_PAGE = 64  # consecutive sample numbers that share one index file
_FALLBACKS = 3  # newest revisions kept even where neither undo nor redo leads to them
_SEAL = ',"sha256":"'  # last field of a revision: the digest of all before it
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)

Page = tuple[SampleEntry, ...]


@dataclass(frozen=True)
class Revision:
    """One manifest and how it came about."""

    number: int
    manifest: Manifest
    step: str = ""  # what the person did, in words: "delete 3 samples of 'cat'"
    group: str = ""  # steps of the same non-empty group in a row are undone as one
    undo: int | None = None
    redo: int | None = None
    next_number: int = 1  # of the next sample or checkpoint; never goes back
    floor: int = 0  # revisions before this one were erased: whatever is left of them goes


class Revisions:
    """Reads and writes the revisions of one workspace. Not thread-safe: its workspace locks."""

    def __init__(self, folder: Path, disk: Disk, steps: int) -> None:
        self._folder = folder
        self._disk = disk
        self._steps = steps
        self._revisions: dict[int, Revision] = {}
        self._pages: dict[int, dict[int, str]] = {}  # revision -> page number -> sha256
        self._present_pages: dict[int, tuple[Page, str]] = {}
        self._entries: dict[tuple[Any, ...], SampleEntry] = {}  # while loading: one per content
        self._uses: Counter[str] = Counter()  # sha256 of a page -> revisions that name it
        self._highest = 0
        self.damage: tuple[str, ...] = ()  # in words, what could not be read
        self.present = Revision(0, Manifest())

    def load(self) -> None:
        """Read every revision; the newest that is whole becomes the present one.

        Where an index file is damaged, the newest is taken without its samples if that still
        shows more than the newest whole one. Raises WorkspaceError when none can be read.
        """
        numbers = sorted(_numbers(self._disk.names(self._folder / "history")), reverse=True)
        self._highest = max(numbers, default=0)
        pages: dict[str, Page] = {}
        partly: tuple[Revision, dict[int, str]] | None = None
        for number in numbers:
            lost: list[int] = []
            try:
                revision, shas = self._read(number, pages, lost)
            except _UNREADABLE:
                continue
            if not lost:
                self._remember(revision, shas)
            elif partly is None and not self._revisions:
                partly = (replace(revision, undo=None, redo=None), shas)
        self._entries.clear()
        whole = self.get(max(self._revisions, default=None))
        if partly and (
            whole is None or len(whole.manifest.samples) < len(partly[0].manifest.samples)
        ):
            self._remember(*partly)
            self.damage = (
                "A part of the list of samples is damaged on disk. Add those that are missing "
                "again.",
            )
        elif whole is None:
            raise WorkspaceError(
                "This workspace is damaged: none of its states can be read. Its pictures are still "
                "in its folder on the server; start a new workspace with them."
            )
        elif whole.number < self._highest:
            self.damage = ("The last change was cut short on disk; this is the state before it.",)
        self.present = self._revisions[max(self._revisions)]
        self._drop_below(self.present.floor, numbers)

    def commit(self, revision: Revision) -> None:
        """Write a revision, whose number is set here, and make it the present one.

        Raises WorkspaceError when it cannot be written; then nothing has changed.
        """
        revision = replace(revision, number=self._highest + 1)
        paged: dict[int, tuple[Page, str]] = {}
        files: dict[Path, bytes] = {}
        pages = _pages(revision.manifest.samples)
        newest = pages.pop(max(pages), ()) if pages else ()
        for number, page in pages.items():
            known = self._present_pages.get(number)
            if known and known[0] == page:
                paged[number] = known
                continue
            data = json.dumps(page, default=vars, separators=(",", ":")).encode()
            sha = hashlib.sha256(data).hexdigest()
            paged[number] = (page, sha)
            if not self._uses[sha]:
                files[self._folder / "index" / f"{sha}.json"] = data
        shas = {number: sha for number, (_, sha) in paged.items()}
        if files:
            self._disk.write(files)
        try:
            self._disk.write({self._path(revision.number): _revision_bytes(revision, shas, newest)})
        except WorkspaceError:
            for path in files:
                self._disk.remove(path)
            raise
        finally:
            self._highest = revision.number  # a number is never used for two contents
        self._remember(revision, shas)
        self._present_pages = paged
        self.present = revision
        self._prune()

    def get(self, number: int | None) -> Revision | None:
        """The revision with that number while it is kept, else None."""
        return None if number is None else self._revisions.get(number)

    @property
    def kept(self) -> tuple[Revision, ...]:
        """All revisions on disk, oldest first."""
        return tuple(self._revisions[number] for number in sorted(self._revisions))

    def forget_steps(self, manifest: Manifest | None = None) -> None:
        """Keep only the present state, or `manifest` instead of it; nothing can be undone any more.

        Once it is written, what was before does not come back, even if the process ends here.
        """
        only = self.present.manifest if manifest is None else manifest
        step = self.present if manifest is None else Revision(0, only)
        floor = self._highest + 1
        self.commit(
            replace(
                step,
                manifest=only,
                undo=None,
                redo=None,
                next_number=self.present.next_number,
                floor=floor,
            )
        )
        self.drop_earlier()
        for name in self._disk.names(self._folder / "index"):
            if not self._uses[name.removesuffix(".json")]:
                self._disk.remove(self._folder / "index" / name)

    def drop_earlier(self) -> None:
        """Remove what leads away from the present state, and whatever is left of what was before.

        Should the process end in the middle, the present state is whole, and some steps are gone.
        """
        numbers = _numbers(self._disk.names(self._folder / "history"))
        self._drop_below(self.present.number, numbers)

    def _prune(self) -> None:
        wanted = set(sorted(self._revisions)[-_FALLBACKS:])
        back: Callable[[Revision], int | None] = lambda revision: revision.undo  # noqa: E731
        forth: Callable[[Revision], int | None] = lambda revision: revision.redo  # noqa: E731
        for link in (back, forth):
            revision: Revision | None = self.present
            for _ in range(self._steps + 1):
                if revision is None:
                    break
                wanted.add(revision.number)
                revision = self.get(link(revision))
        self._drop(number for number in self._revisions if number not in wanted)

    def _drop_below(self, floor: int, numbers: Iterable[int]) -> None:
        """Drop the revisions before `floor`; `numbers` are all that have a file."""
        gone = [number for number in numbers if number < floor]
        self._drop(number for number in gone if number in self._revisions)
        for number in gone:  # those that could not be read
            self._disk.remove(self._path(number))

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in list(numbers):
            del self._revisions[number]
            self._disk.remove(self._path(number))
            for sha in self._pages.pop(number).values():
                self._uses[sha] -= 1
                if not self._uses[sha]:
                    del self._uses[sha]
                    self._disk.remove(self._folder / "index" / f"{sha}.json")

    def _remember(self, revision: Revision, shas: dict[int, str]) -> None:
        self._revisions[revision.number] = revision
        self._pages[revision.number] = shas
        self._uses.update(shas.values())

    def _read(
        self, number: int, pages: dict[str, Page], lost: list[int]
    ) -> tuple[Revision, dict[int, str]]:
        """A revision; the numbers of its pages that cannot be read are added to `lost`."""
        text = self._disk.read(self._path(number)).decode()
        body, _, seal = text.rpartition(_SEAL)
        if seal != _seal(body):
            raise ValueError("cut short or altered")
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise WorkspaceError(
                "This workspace was written by a newer version of odt. Update odt to open it."
            )
        shas: dict[int, str] = {}
        samples: list[SampleEntry] = []
        for page, sha in data["manifest"]["pages"]:
            try:
                samples.extend(self._read_page(sha, pages))
                shas[page] = sha
            except _UNREADABLE:
                lost.append(page)
        samples.extend(self._sample(fields) for fields in data["manifest"]["samples"])
        manifest = _manifest(data["manifest"], tuple(samples))
        fields = {key: data[key] for key in ("step", "group", "undo", "redo", "next_number")}
        floor = data.get("floor", 0)  # older files have none
        return Revision(number, manifest, floor=floor, **fields), shas

    def _read_page(self, sha: str, pages: dict[str, Page]) -> Page:
        if sha not in pages:
            data = self._disk.read(self._folder / "index" / f"{sha}.json")
            if hashlib.sha256(data).hexdigest() != sha:
                raise ValueError("cut short or altered")
            pages[sha] = tuple(self._sample(fields) for fields in json.loads(data))
        return pages[sha]

    def _sample(self, fields: dict[str, Any]) -> SampleEntry:
        key = tuple(fields.values())
        if key not in self._entries:
            self._entries[key] = SampleEntry(
                **fields | {"part": Part(fields["part"]), "source": Source(fields["source"])}
            )
        return self._entries[key]

    def _path(self, number: int) -> Path:
        return self._folder / "history" / f"{number:08d}.json"


def _numbers(names: Iterable[str]) -> list[int]:
    return [int(name[:-5]) for name in names if re.fullmatch(r"\d{8,12}\.json", name)]


def _pages(samples: tuple[SampleEntry, ...]) -> dict[int, Page]:
    """The samples by page; they are in the order of their numbers."""
    pages: dict[int, Page] = {}
    start = 0
    while start < len(samples):
        page = samples[start].number // _PER_PAGE
        end = bisect_left(samples, (page + 1) * _PER_PAGE, start, key=lambda s: s.number)
        pages[page] = samples[start:end]
        start = end
    return pages


def _seal(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest() + '"}'


def _revision_bytes(revision: Revision, shas: dict[int, str], newest: Page) -> bytes:
    manifest = vars(revision.manifest) | {
        "pages": list(shas.items()),
        "samples": newest,
        "settings": dict(revision.manifest.settings),
        "hidden": sorted(revision.manifest.hidden),
        "left": [vars(one) | {"settings": dict(one.settings)} for one in revision.manifest.left],
    }
    data = {"format": _FORMAT} | vars(revision) | {"manifest": manifest}
    body = json.dumps(data, default=vars, separators=(",", ":"))[:-1]
    return (body + _SEAL + _seal(body)).encode()


def _manifest(data: dict[str, Any], samples: tuple[SampleEntry, ...]) -> Manifest:
    return Manifest(
        model=_model(data["model"]) if data["model"] else None,
        labels=tuple(LabelEntry(**fields) for fields in data["labels"]),
        samples=samples,
        settings=MappingProxyType(data["settings"]),
        checkpoints=tuple(_checkpoint(fields) for fields in data["checkpoints"]),
        hidden=frozenset(data["hidden"]),
        head=data["head"],
        runs=tuple(RunEntry(**fields) for fields in data["runs"]),
        models=tuple(_model(fields) for fields in data.get("models", ())),  # older ones have none
        resting=tuple(LabelEntry(**fields) for fields in data.get("resting", ())),  # likewise
        left=tuple(_left(fields) for fields in data.get("left", ())),
    )


def _model(fields: dict[str, Any]) -> ModelEntry:
    return ModelEntry(**fields | {"outputs": tuple(fields["outputs"])})


def _left(fields: dict[str, Any]) -> LeftModel:
    labels = tuple(LabelEntry(**label) for label in fields["labels"])
    return LeftModel(fields["key"], labels, MappingProxyType(fields["settings"]))


def _checkpoint(fields: dict[str, Any]) -> CheckpointEntry:
    info = fields["info"]
    scores = {key: Score(**info[key]) if info[key] else None for key in ("own", "base")}
    heat = info.get("temperature")  # workspaces written before there were temperatures have none
    temperature = {"temperature": Tempering(**heat) if heat else None}
    copied = info.get("copied")  # likewise
    kinds = {"kind": Kind(info["kind"]), "copied": Kind(copied) if copied else None}
    return CheckpointEntry(
        **fields | {"info": CheckpointInfo(**info | scores | temperature | kinds)}
    )
