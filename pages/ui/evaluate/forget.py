"""Unlearning, verified: derive the model again from the base without a sample or a label."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.errors import SampleError
from odt_core.evaluation import evaluate
from odt_core.evaluation.evaluation import answered
from odt_core.samples import Labels, Samples
from odt_core.studies import Trainer, Unlearned, unlearn
from odt_core.training.settings import Settings
from odt_core.workspace import CheckpointInfo, Kind, LabelEntry, Part, SampleEntry, Score
from pages.ui import pieces, trouble
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.study import about_training, study, told, trainer_of, why_not, with_settings
from pages.ui.prepared import Prepared
from pages.ui.say import beside, count, isolated, plain
from pages.ui.thumbs import thumb_uri

_PLACE = "forget"
_JOB = "unlearning"
_MOST = 300  # samples to choose from, the newest
_EARLIER = (
    "Earlier checkpoints, which saw the samples, stay in the timeline until you delete them there."
)


@dataclass(frozen=True)
class Choice:
    """What is to go: a training sample, or all samples of a label, those for testing too: else your
    model would be judged by what it was to forget. label: goes with them, unless the model itself
    knows it.
    """

    samples: tuple[SampleEntry, ...]
    label: LabelEntry | None = None
    called: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the samples."""
        return tuple(sample.id for sample in self.samples)

    @property
    def trained_on(self) -> list[SampleEntry]:
        """The training samples among them."""
        return [sample for sample in self.samples if sample.part is Part.TRAIN]

    def labels_left(self, labels: Labels) -> Labels:
        """The labels without that which goes."""
        output = self.label.output if self.label else None
        return Labels(tuple(None if k == output else one for k, one in enumerate(labels.names)))


@dataclass(frozen=True)
class Forgotten:
    """What came out, with what is needed to make it the person's model."""

    unlearned: Unlearned
    chosen: Choice
    trained_on: tuple[str, ...]  # ids of the samples that are left
    settings: Settings
    steps: int
    model_sha256: str
    model: str  # ModelEntry.key
    own: Score | None  # of what came out, on the test samples that are left
    base: Score | None  # on the base test set
    kept: set[str] = field(default_factory=set)  # ids of the checkpoints that hold it


def forget(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_forget", border=True, gap="small"), trouble.shown():
        pieces.heading("Forget a sample or a label", "and prove that it is forgotten")
        pieces.note(
            "odt retrains from the base model without the samples you choose, here and in a "
            "process that never saw them, and compares all weights. " + with_settings(desk)
        )
        trouble.show_said(_PLACE)
        chosen = _choice(desk)
        ready = why_not(desk, judged=False) or ("" if chosen.ids else "Choose what to forget.")
        study(
            desk,
            _JOB,
            "forget",
            lambda job: _work(desk, job, chosen),
            lambda found: _show(desk, found),
            ready=ready,
            button="Derive again without it",
            about=about_training(desk),
            settled=lambda found: _is_done(desk, found),
        )


def was_proven(desk: Desk) -> bool:
    """Whether something was forgotten, and the proof of it is at hand."""
    job = desk.job(_JOB)
    return job is not None and job.look().result is not None


def _choice(desk: Desk) -> Choice:
    """A sample, or all of a label."""
    manifest = desk.workspace.manifest
    train = desk.usable_samples(Part.TRAIN)
    labels = {label.id: label.name for label in manifest.labels}
    held = {label for label in labels if any(s.label == label for s in train)}
    options = {f"label {key}": f"Everything of '{labels[key]}'" for key in labels if key in held}
    for sample in train[::-1][:_MOST]:
        options[f"sample {sample.id}"] = beside(
            labels.get(sample.label, "no label"), sample.origin or sample.id
        )
    if not options:
        return Choice(())
    if st.session_state.get("forget_what") not in options:
        st.session_state["forget_what"] = next(iter(options))
    chosen = st.selectbox(
        "What to forget", list(options), key="forget_what", format_func=lambda k: options[k]
    )
    kind, _, key = chosen.partition(" ")
    if kind == "label":
        found = _all_of(desk, key)
    else:
        found = Choice(tuple(s for s in train if s.id == key), called=options[chosen])
    pieces.pictures([("", thumb_uri(desk.workspace, s, 96), "") for s in found.trained_on[:8]])
    return found


def _all_of(desk: Desk, label_id: str) -> Choice:
    manifest = desk.workspace.manifest
    label, samples = manifest.label(label_id), manifest.samples_of(label_id)
    called = f"everything of '{isolated(label.name)}'" if label else ""
    goes = label if label and not _of_the_model(desk, label) else None
    return Choice(samples, goes, called)


def _of_the_model(desk: Desk, label: LabelEntry) -> bool:
    """Whether the file itself has a name for the label's output: the person only gave samples."""
    model = desk.workspace.manifest.model
    if model is None or label.output is None:
        return True
    own = model.outputs[label.output]
    return own == label.name if model.unnamed else own is not None


def _work(desk: Desk, job: Job, chosen: Choice) -> Forgotten:
    prepared, out = _samples(desk, Part.TRAIN, chosen)
    if not out.any():
        raise SampleError("None of these is trained on, so there is nothing to forget.")
    samples, settings = prepared.samples, desk.trained_with()
    trained_on = tuple(one.id for one, gone in zip(prepared.entries, out, strict=True) if not gone)
    with trainer_of(desk) as trainer:
        found = unlearn(
            trainer,
            samples.take(~out),
            settings,
            removed=samples.take(out),
            replay=replay_of(desk.card) if settings.replay else None,
            progress=told(job),
            stopped=job.stopped,
        )
        last = trainer.last
        steps = last.steps if last else 0
        tests, gone = _samples(desk, Part.TEST, chosen)
        test = tests.samples
        left = replace(test.take(~gone), labels=chosen.labels_left(test.labels))
        same = desk.test_copies(len(gone))
        own = _score(trainer, left, None if same is None else same[~gone])
        base = _score(trainer, _base_test(desk, left.labels))
    model = desk.model.key
    return Forgotten(
        found, chosen, trained_on, settings, steps, desk.worker().sha256, model, own, base
    )


def _samples(desk: Desk, part: Part, chosen: Choice) -> tuple[Prepared, np.ndarray]:
    """The samples of a part, and which of them are to go, bool [N]."""
    prepared = desk.prepared(part)
    ids = set(chosen.ids)
    return prepared, np.array([one.id in ids for one in prepared.entries], bool)


def _base_test(desk: Desk, labels: Labels) -> Samples | None:
    """The base test set, to which the person's labels can be wrong answers."""
    found = base_test_of(desk.card)
    return None if found is None else replace(found, labels=labels.with_those_of(found.labels))


def _score(
    trainer: Trainer, samples: Samples | None, same: np.ndarray | None = None
) -> Score | None:
    """How the weights that a trainer holds do; None where there is nothing to tell by. same: which
    samples are others over again, where more are than are equal.
    """
    if samples is None or not len(samples) or not trainer.contract.scored:
        return None
    if same is None:
        return Score.of(evaluate(trainer, samples))
    return Score.of(answered(trainer, samples, same))


def _show(desk: Desk, found: Forgotten) -> None:
    one = found.unlearned
    verdict("Verified." if one.identical else "Not verified.", one.sentence, good=one.identical)
    rows = [
        ("Derived again, without it", f"`{one.digest}`"),
        ("Never shown it", f"`{one.never_shown}`"),
    ]
    if one.shown_digest:
        rows.insert(0, ("With it", f"`{one.shown_digest}`"))
    samples = "training sample" if one.removed == 1 else "training samples"
    numbers(
        Number("Forgotten", f"{one.removed}", f"{samples}: {found.chosen.called}"),
        Number("Learnt from", f"{one.samples}", f"{found.steps} steps from the base", own=True),
    )
    pieces.table(("Weights", "SHA-256 of all variables"), rows)
    gone = count(len(found.chosen.ids), "sample")
    if _is_done(desk, found):
        pieces.note(f"{gone} deleted: this is your model now. {_EARLIER}")
        return
    pieces.note(
        f"Keeping it deletes {_told(found.chosen)} and puts these weights in place: one step that "
        f"undo can take back. Until then nothing of it is in your workspace. {_EARLIER}"
    )
    st.button(
        plain(f"Delete {gone} ({found.chosen.called}) and make this your model"),
        key="forget_keep",
        on_click=_keep,
        args=(desk, found),
        disabled=desk.busy or found.model != desk.model.key or not _there(desk, found.chosen),
    )


def _told(chosen: Choice) -> str:
    """ "the sample (a · 1.png)", "the 8 samples (everything of 'a'), 4 for testing among them, with
    their label 'a'".
    """
    told = "the sample" if len(chosen.ids) == 1 else f"the {count(len(chosen.ids), 'sample')}"
    told += f" ({chosen.called})"
    tests = len(chosen.ids) - len(chosen.trained_on)
    told += f", {tests:,} for testing among them," if tests else ""
    return told + (f" with their label '{isolated(chosen.label.name)}'" if chosen.label else "")


def _there(desk: Desk, chosen: Choice) -> bool:
    """Whether it is still what there is to delete."""
    manifest = desk.workspace.manifest
    if chosen.label is not None:
        return manifest.samples_of(chosen.label.id) == chosen.samples
    return set(chosen.ids) <= {sample.id for sample in manifest.samples}


def _is_done(desk: Desk, found: Forgotten) -> bool:
    """Whether the samples are deleted, and these weights are your model."""
    ids, manifest = set(found.chosen.ids), desk.workspace.manifest
    if manifest.head is None or any(sample.id in ids for sample in manifest.samples):
        return False
    return manifest.original_of(manifest.head) in found.kept


def _keep(desk: Desk, found: Forgotten) -> None:
    with trouble.caught(_PLACE):
        chosen = found.chosen
        meta = CheckpointMeta(
            model_sha256=found.model_sha256,
            step=found.steps,
            settings=found.settings.to_json(),
            seed=found.settings.seed,
            labels=chosen.labels_left(desk.labels).names,
            note="derived again from the base",
        )
        gone = count(len(chosen.ids), "sample")
        with desk.changing("forget the samples"):
            kept = desk.keep(
                save_checkpoint(Checkpoint(found.unlearned.state, meta)),
                CheckpointInfo(
                    Kind.MANUAL,
                    found.steps,
                    found.unlearned.samples,
                    own=found.own,
                    base=found.base,
                    note=f"without {gone}, verified: {found.unlearned.digest[:12]}",
                ),
                found.trained_on,
                forgotten=chosen.ids,
                label=chosen.label.id if chosen.label else None,
            )
            found.kept.add(kept.id)
