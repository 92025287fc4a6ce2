"""Computes the personalised weights again from this bundle alone, and says whether they are
identical to the published ones, bit for bit; then asks both models again, works out whatever the
card says of their answers, and compares: the card field by field, index.html and the other texts
for people with what the card comes to, and the personalised .tflite files with what these weights
come to. What it takes as it is published is named at the end.

    python -m venv venv
    venv/bin/pip install -r requirements.txt
    venv/bin/python reproduce.py

Needs Python 3.11 or newer and the pinned packages of requirements.txt; no network after that. The
engine's sources are in software/; --installed uses the odt_core on your path instead.

Exit code: 0 identical, and all of these as published; 1 not; 2 it could not be tried. Files that
are not as published (CHANGED) are named first, and are never 0; ADDED ones are only named, and so
is a learning rate that an older odt left at that of the last step (RATE).
Options: --json prints one line of JSON. --installed as above.

Whoever forges a bundle can forge this script, and software/, as well. If you doubt them, let an odt
that you trust check the folder: python -m odt_core.evidence.reproduce FOLDER
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

MODEL, WEIGHTS = "models/base.tflite", "weights/checkpoint.safetensors"
CARD, SUMS = "personalisation-card.json", "SHA256SUMS"
MOST = 30  # fields that are named
OTHER_FORMAT = (
    "This bundle is of another format ({theirs}) than this script can compare ({ours}): what the "
    "card and index.html say of both models' answers, and the personalised .tflite files, were not "
    "compared. Run its own reproduce.py, too."
)
# What is read of the card: a list's one entry stands for each of its own, "*" for each name.
SHAPE = {
    "personalised": dict,
    "reproduce": {
        "versions": {"*": str | None},
        "choice": dict | None,
        "card": dict,
        "labels": [str | None],
        "labels_replay": [str | None],
        "origin": {
            "beginning": str,
            "sentence": str,
            "stages": [{"step": int, "total": int, "settings": dict, "averaged": bool}],
        },
    },
    "results": {
        "*": {
            "base": dict | None,
            "own": dict,
            "labels_base": [str | None],
            "labels_own": [str | None],
            "seen_in_training": dict | None,
        }
    },
    "training": {"curves": dict | None},
    "inside": {"layers": list, "temperature": dict | None, "unknown_input": dict | None},
    "files": {"*": str},
}


class NotTriedError(Exception):
    """Why it could not be tried."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say which file it is when one cannot be read, whatever is wrong with it."""
    try:
        yield
    except ImportError:  # a package that is not installed is not the file's fault
        raise
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise NotTriedError(f"{name} cannot be used: {why}") from error


def checked_files() -> tuple[list[str], list[str]]:
    """(files that are not what SHA256SUMS says, files in the bundle's folders that it does not
    name). Hidden files are left alone, and so are folders of others, such as venv.
    """
    changed, listed = [], {SUMS}
    try:
        for line in (HERE / SUMS).read_text("utf-8").splitlines():
            digest, name = line.split("  ", 1)
            listed.add(name)
            path = HERE / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                changed.append(name)
    except (OSError, ValueError):
        return [SUMS], []
    ours = {name.split("/")[0] for name in listed if "/" in name}
    there = [path for path in HERE.iterdir() if path.is_file()]
    there += [path for folder in sorted(ours) for path in (HERE / folder).rglob("*")]
    names = (path.relative_to(HERE).as_posix() for path in there if path.is_file())
    added = {name for name in names if not name.split("/")[-1].startswith(".")} - listed
    return changed, sorted(added)


def has_shape(value: Any, shape: Any) -> bool:
    """Whether a part of the card is of the kinds that are read of it; there may be more."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(has_shape(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        names = value if isinstance(value, dict) and "*" in shape else shape
        return isinstance(value, dict) and all(
            name in value and has_shape(value[name], shape.get(name, shape.get("*")))
            for name in names
        )
    return isinstance(value, shape)


def versions_here(published: dict[str, str]) -> list[str]:
    """What is another version here than where the bundle was made."""
    here = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("ai-edge-litert", "numpy", "safetensors", "pillow"):
        try:
            here[name] = version(name)
        except PackageNotFoundError:
            here[name] = "not installed"
    return [
        f"{name}: {published[name]} where the bundle was made, {here[name]} here"
        for name in here
        if name in published and published[name] != here[name]
    ]


def load_samples(name: str, labels: list[str | None]) -> Any:
    """A set of samples of the bundle; None where it has none to replay."""
    import numpy as np

    from odt_core.samples import Labels, Samples

    folder = HERE / "samples" / name
    if not folder.is_dir():
        if name == "replay":
            return None
        raise NotTriedError(f"samples/{name} is missing.")
    arrays = {}
    for part in "xy":
        with reading(f"samples/{name}/{part}.npy"):
            arrays[part] = np.load(folder / f"{part}.npy", allow_pickle=False)
    with reading(f"samples/{name}"):
        return Samples(arrays["x"], arrays["y"], Labels(tuple(labels)))


def load_weights(name: str) -> dict[str, Any]:
    """The state in a checkpoint of the bundle."""
    from odt_core.checkpoint import load_checkpoint

    with reading(f"weights/{name}"):
        return dict(load_checkpoint((HERE / "weights" / name).read_bytes()).state)


def load_base(facts: dict[str, Any]) -> Any:
    """The base model, used as it was; its data sets are those of the bundle, not of a card."""
    from dataclasses import replace

    from odt_core.bundled import ModelCard
    from odt_core.dialects import Choice
    from odt_core.runtime import load_model

    with reading(MODEL):
        model = load_model((HERE / MODEL).read_bytes())
    with reading(CARD):
        if facts["choice"]:
            model = model.with_choice(Choice.from_json(facts["choice"]))
        card = ModelCard.from_json(facts["card"])
        return model.with_card(replace(card, base_test=None, replay=None, people=()))


def train_again(model: Any, facts: dict[str, Any]) -> Any:
    """All trainings of the bundle, one after the other."""
    from odt_core.evidence.training_again import train_again
    from odt_core.training import Settings

    stages, own = facts["origin"]["stages"], load_samples("train", facts["labels"])
    replay = load_samples("replay", facts["labels_replay"])
    with reading(CARD):
        settings = [Settings.from_json(stage["settings"]) for stage in stages]
    from_weights = facts["origin"]["beginning"] == "weights"
    start = load_weights("start.safetensors") if from_weights else None
    return train_again(model, stages, settings, own, replay, start)


def compare_all(model: Any, card: dict[str, Any]) -> Any:
    """What of the card and of the texts for people is not what comes out again."""
    from odt_core.errors import OdtError
    from odt_core.evidence.again import Material, compare_all

    facts, results = card["reproduce"], card["results"]
    labels = {"train": facts["labels"], "replay": facts["labels_replay"]}
    labels |= {name: result["labels_base"] for name, result in results.items()}
    sets = {name: load_samples(name, names) for name, names in labels.items()}
    material = Material(
        card,
        model,
        model_file=read_file(MODEL),
        checkpoint_file=read_file(WEIGHTS),
        sets={name: samples for name, samples in sets.items() if samples is not None},
        read=read_file,
    )
    try:
        return compare_all(material)
    except OdtError:  # says by itself what is wrong
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())
        raise NotTriedError(f"{CARD} cannot be used: {why}") from error


def read_file(name: str) -> bytes:
    """A file of the bundle; empty where it is missing."""
    path = HERE / name
    return path.read_bytes() if path.is_file() else b""


def of_other_format(card: dict[str, Any]) -> str:
    """Why a card is not compared: fields of another format may mean something else; "" of today's,
    which is compared.
    """
    from odt_core.evidence.facts import FORMAT

    theirs = card.get("format")
    if theirs == FORMAT:
        return ""
    return OTHER_FORMAT.format(theirs=json.dumps(theirs)[:50], ours=json.dumps(FORMAT))


def counts(results: dict[str, Any], said: Any) -> list[dict[str, Any]]:
    """Of each set of samples and model the figure that says most, and whether all are the same."""
    from odt_core.evidence.compared import differing

    rows = []
    for name, result in results.items():
        for which in ("base", "own"):
            published, again = result[which], said.card["results"][name][which]
            if published is not None:
                row = {"samples": name, "model": which, "published": in_words(published)}
                same = not any(differing(published, again))
                rows.append({**row, "again": in_words(again or {}), "same": same})
    return rows


def in_words(figures: dict[str, Any]) -> str:
    """Right answers, or the error of a model of numbers."""
    if figures.get("correct") is not None:
        return f"{figures['correct']} of {figures.get('different')}"
    return f"mean squared error {figures.get('mean_squared_error')}"


def what_to_do(error: ImportError, installed: bool) -> str:
    """Advice where something cannot be imported: not every module is a package's."""
    if (error.name or "").split(".")[0] != "odt_core":
        return "Run: pip install -r requirements.txt"
    if installed:
        return "The odt_core on your path is not the bundle's. Leave out --installed."
    return "This bundle is incomplete: its software/ lacks that. Get it anew from whoever made it."


def main(arguments: list[str]) -> int:
    """Do it all; returns the exit code."""
    if "--help" in arguments or "-h" in arguments:
        print(__doc__)
        return 0
    folders = [one for one in arguments if not one.startswith("-")]
    installed = "--installed" in arguments or bool(folders)
    if folders:
        global HERE
        HERE = Path(folders[0]).resolve()
    if not installed:
        sys.path.insert(0, str(HERE / "software"))
        sys.dont_write_bytecode = True  # the bundle stays as it is
    quiet = "--json" in arguments

    def say(text: str) -> None:
        if not quiet:
            print(text, flush=True)

    changed, added = checked_files()
    for name in changed:
        say(f"CHANGED     {name} is not the file that was published")
    for name in added:
        say(f"ADDED       {name} was not published")
    result: dict[str, Any] = {
        "identical": None,
        "differences": [],
        "results": [],
        "contradictions": [],
        "unchecked": [],
        "changed_files": changed,
        "added_files": added,
        "other_versions": [],
        "message": "",
    }
    try:
        code = tried(result, say)
    except Exception as error:
        code, said = 2, " ".join(str(error).split())
        if isinstance(error, ImportError):
            said += f". {what_to_do(error, installed)}"
        elif not isinstance(error, NotTriedError) and "odt_core" not in type(error).__module__:
            said = f"{type(error).__name__}: {said}"
        broken = [name for name in changed if name not in said]
        if broken:
            said += f" (not as published: {', '.join(broken[:5])})"
        result["message"] = said
        print(f"NOT TRIED   {said}", file=sys.stderr)
    if quiet:
        print(json.dumps(result))
    return 1 if code == 0 and changed else code


def tried(result: dict[str, Any], say: Callable[[str], None]) -> int:
    """Fills the result; returns the exit code but for changed files."""
    with reading(CARD):
        card = json.loads((HERE / CARD).read_text("utf-8"))
    if not has_shape(card, SHAPE):
        raise NotTriedError(f"{CARD} is not as published: what is to be computed again is missing.")
    with reading(CARD):
        facts = card["reproduce"]
        other = result["other_versions"] = versions_here(facts["versions"])
    for line in other:
        say(f"OTHER       {line}")
    if MODEL in result["changed_files"]:  # a damaged one can end the process
        raise NotTriedError(f"{MODEL} is not the file that was published, and is not loaded.")
    model = load_base(facts)
    published = load_weights("checkpoint.safetensors")
    found: list[str] | None = None
    left: list[str] = []
    wrong: tuple[str, ...] = ()
    if facts["origin"]["beginning"] != "unknown":
        say("Training again …")
        from odt_core.evidence.training_again import differences, rates_left

        again = train_again(model, facts)
        left, wrong = rates_left(model, published, again), again.wrong
        for name in left:
            say(f"RATE        {name}: that of the last step, as an older odt left it")
        kept = {name: published[name] for name in left}
        found = result["differences"] = differences(published, again.state | kept)
        result["identical"] = not found
    against = result["contradictions"] = [f"{CARD}: {one}" for one in wrong]
    other_format = of_other_format(card)
    if not other_format:
        say("Asking both models again …")
        said = compare_all(model, card)
        against += said.wrong
        result["results"] = counts(card["results"], said)
        result["unchecked"] = list(said.unchecked)
    for row in result["results"]:
        if row["same"]:
            say(f"AS SAID     {row['model']} on {row['samples']}: {row['published']}, and the rest")
    for line in against[:MOST]:
        say(f"DIFFERS     {line}")
    if len(against) > MOST:
        say(f"DIFFERS     {len(against) - MOST} more; --json has all")
    for line in result["unchecked"]:
        say(f"NOT CHECKED {line}")
    if other_format:
        result["message"] = other_format
        say(f"NOT TRIED   {other_format}")
    if found is None:
        result["message"] = facts["origin"]["sentence"]
        say(f"NOT TRIED   {result['message']}")
    elif not found:
        rest = " other" if left else ""
        say(f"IDENTICAL   all {len(published) - len(left)}{rest} variables, bit for bit")
    else:
        for line in found:
            say(f"NOT IDENTICAL  {line}")
        if facts["origin"]["beginning"] == "assumed":
            say("The training may have begun with other weights than the base model's.")
    if (found or against) and other:
        say("Other versions or another kind of processor can be the cause: see OTHER above.")
    if found or against:
        return 1
    return 2 if found is None or other_format else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
