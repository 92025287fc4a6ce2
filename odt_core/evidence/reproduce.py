"""Computes the personalised weights again from this bundle alone, and says whether they are
identical to the published ones, bit for bit; then counts the published accuracies and errors again.

    python -m venv venv
    venv/bin/pip install -r requirements.txt
    venv/bin/python reproduce.py

Needs Python 3.11 or newer and the pinned packages of requirements.txt; no network after that. The
engine's sources are in software/; --installed uses the odt_core on your path instead.

Exit code: 0 identical, and all of these as published; 1 not; 2 it could not be tried. Files that
are not as published (CHANGED) are named first, and are never 0; ADDED ones are only named, and so
is a learning rate that an older odt left at that of the last step (RATE).
Options: --json prints one line of JSON. --installed as above.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


MODEL, CARD, SUMS = "models/base.tflite", "personalisation-card.json", "SHA256SUMS"
# What is read of the card: a list's one entry stands for each of its own, "*" for each name.
SHAPE = {
    "results": dict,
    "personalised": {"state_sha256": str},
    "reproduce": {
        "versions": {"*": str | None},
        "choice": dict | None,
        "card": dict,
        "labels": [str | None],
        "labels_replay": [str | None],
        "origin": {
            "beginning": str,
            "sentence": str,
            "stages": [{"step": int, "settings": dict, "averaged": bool}],
        },
        "results": {
            "*": {
                "base": dict | None,
                "own": dict | None,
                "labels_base": [str | None],
                "labels_own": [str | None],
            }
        },
    },
}
# What is counted again of a model on a set of samples.
FIGURES = (
    *("n", "correct", "accuracy", "cross_entropy", "confusion"),
    *("mean_squared_error", "mean_absolute_error", "places_right", "mean_iou"),
)


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


def train_again(model: Any, facts: dict[str, Any]) -> tuple[Any, list[float]]:
    """The state after all trainings of the bundle, one after the other, and the learning rate of
    the last step of each.
    """
    from odt_core.training import Callback, Control, Settings, fit

    class StopAfter(Callback):
        def __init__(self, step: int, control: Control) -> None:
            self.step, self.control = step, control

        def on_step_end(self, run: Any, record: Any) -> None:
            if record.step >= self.step:
                self.control.stop()

    session = model.session()
    if facts["origin"]["beginning"] == "weights":
        session.load_state(load_weights("start.safetensors"))
    own = load_samples("train", facts["labels"])
    replay = load_samples("replay", facts["labels_replay"])
    rates = []
    for stage in facts["origin"]["stages"]:
        if stage["step"] == 0:
            continue
        with reading(CARD):
            settings = Settings.from_json(stage["settings"])
        control = Control()
        history = fit(
            session,
            own,
            settings,
            [StopAfter(stage["step"], control)],
            replay=replay,
            control=control,
        )
        if history.steps != stage["step"]:
            print(f"The training ended at step {history.steps}, not {stage['step']}.")
        if not stage["averaged"]:  # a run that diverged lost its average
            session.load_state(history.progress.state)
        rates += [one.learning_rate for one in history.records[-1:] if one.learning_rate]
    return session.state(), rates


def rates_left(
    model: Any, published: dict[str, Any], again: dict[str, Any], rates: list[float]
) -> list[str]:
    """Variables of the learning rate that differ as an older odt left them: at the rate of a last
    step, rather than at the one before the training.
    """
    import numpy as np

    name = model.contract.learning_rate
    held = model.description.signature(name).assigns if name is not None else ()
    return [
        one
        for one in set(held) & published.keys()
        if published[one].tobytes() != again[one].tobytes()
        and any(np.array_equal(published[one], np.full_like(again[one], rate)) for rate in rates)
    ]


def differences(published: dict[str, Any], again: dict[str, Any]) -> list[str]:
    """Each variable that is not the same to the last bit, and by how much."""
    import numpy as np

    found = []
    for name in sorted(published.keys() | again.keys()):
        if name not in published or name not in again:
            found.append(f"{name}: only in one of the two")
            continue
        one, other = published[name], again[name]
        if one.dtype != other.dtype or one.shape != other.shape:
            found.append(f"{name}: {one.dtype} {one.shape} against {other.dtype} {other.shape}")
        elif one.tobytes() != other.tobytes():
            away = np.abs(one.astype(np.float64) - other.astype(np.float64))
            found.append(f"{name}: largest difference {np.max(away):.3g}")
    return found


def count_again(model: Any, state: Any, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Every published result, counted again with the published weights."""
    from odt_core.evaluation import evaluate

    base, own = model.session(), model.session()
    own.load_state(state)
    rows = []
    for name, result in facts["results"].items():
        for which, session in (("base", base), ("own", own)):
            published = result[which]
            if published is None:
                continue
            samples = load_samples(name, result[f"labels_{which}"])
            got = {k: v for k, v in evaluate(session, samples).to_json().items() if k in FIGURES}
            wrong = [k for k, value in got.items() if not is_same(k, published.get(k), value)]
            said, now = in_words(published, wrong), in_words(got, wrong)
            row = {"samples": name, "model": which, "published": said, "again": now}
            rows.append({**row, "same": not wrong})
    return rows


def in_words(figures: dict[str, Any], wrong: list[str]) -> str:
    """Those that are wrong; where none is, or right answers are, the one that says most."""
    if figures.get("correct") is not None and (not wrong or "correct" in wrong):
        return f"{figures['correct']} of {figures['n']}"
    told = wrong or ["mean_squared_error"]
    return ", ".join(f"{name.replace('_', ' ')} {figures.get(name)}" for name in told)


def is_same(name: str, published: Any, again: Any) -> bool:
    """Whether a figure is the published one: fractions up to what sums in another order change."""
    if isinstance(again, float) and isinstance(published, float):
        least = 1e-6 if name == "cross_entropy" else 0.0  # float32 is that coarse beside 1
        return math.isclose(published, again, rel_tol=1e-5, abs_tol=least)
    if isinstance(again, float) and not math.isfinite(again):
        return published is None  # JSON has no such number
    return bool(published == again)


def contradictions(card: dict[str, Any], state: dict[str, Any]) -> list[str]:
    """Where the card says something else than what is computed again here."""
    from odt_core.evaluation import state_digest

    found = []
    if card["results"] != card["reproduce"]["results"]:
        found.append(f"{CARD}: 'results' are not those of 'reproduce', which are counted again")
    said, is_ = card["personalised"]["state_sha256"], state_digest(state)
    if said != is_:
        found.append(f"{CARD}: the weights' digest is said to be {said[:12]}, and is {is_[:12]}")
    return found


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
    if "--installed" not in arguments:
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
            said += f". {what_to_do(error, '--installed' in arguments)}"
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
    if facts["origin"]["beginning"] != "unknown":
        say("Training again …")
        again, rates = train_again(model, facts)
        left = rates_left(model, published, again, rates)
        for name in left:
            say(f"RATE        {name}: that of the last step, as an older odt left it")
        kept = {name: published[name] for name in left}
        found = result["differences"] = differences(published, again | kept)
        result["identical"] = not found
    rows = result["results"] = count_again(model, published, facts)
    for row in rows:
        mark = "AS SAID " if row["same"] else "DIFFERS "
        say(
            f"{mark}    {row['model']} on {row['samples']}: published {row['published']}, "
            f"again {row['again']}"
        )
    with reading(CARD):
        against = result["contradictions"] = contradictions(card, published)
    for line in against:
        say(f"DIFFERS     {line}")
    if found is None:
        result["message"] = facts["origin"]["sentence"]
        say(f"NOT TRIED   {result['message']}")
    elif not found:
        rest = " other" if left else ""
        say(f"IDENTICAL   all {len(published) - len(left)}{rest} variables, bit for bit")
    else:
        for line in found:
            say(f"NOT IDENTICAL  {line}")
        if other:
            say("Other versions or another kind of processor can be the cause: see OTHER above.")
        if facts["origin"]["beginning"] == "assumed":
            say("The training may have begun with other weights than the base model's.")
    if found or against or not all(row["same"] for row in rows):
        return 1
    return 2 if found is None else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
