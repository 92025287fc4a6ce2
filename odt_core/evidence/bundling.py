"""The evidence bundle: one zip that shows, and lets anybody check, what personalising did."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.cores import usable_cores
from odt_core.errors import CheckpointError, OdtError
from odt_core.evaluation import leakage
from odt_core.evaluation.leaks import joined
from odt_core.evidence.archive import array_file, pack
from odt_core.evidence.cards import readable_files, title_of
from odt_core.evidence.charts import Chart, charts_of, page
from odt_core.evidence.escape import csv_text
from odt_core.evidence.evidence import Bake, Curves, Evidence, Judged
from odt_core.evidence.facts import digest, facts, sample_digests
from odt_core.evidence.origin import Beginning, all_trained_on
from odt_core.evidence.software import script, sources
from odt_core.evidence.versions import requirements
from odt_core.training import Reason

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Samples

_README = """\
Evidence of one personalised model
==================================

index.html                  the personalisation card, for people: begin here
personalisation-card.json   the same and more, for programs; .md for reading as text
model-card.json, .md        what the base model is
charts.html                 all charts, interactive; needs no network
charts/                     the same charts as pictures
models/base.tflite          the base model, as it came
models/personalised.tflite  starts with the personalised weights; can be trained further
models/personalised-predicts.tflite  for predictions only: smaller and faster
weights/                    the personalised weights (safetensors), and those that training began
                            with where they are not the base model's
samples/                    the exact numbers that the model was trained and judged on (numpy)
runs/steps.csv              the steps of the training, of a long one some
reproduce.py                trains again from this bundle alone and says whether the weights are
                            identical, bit for bit, and whether the personalised .tflite files
                            that are there, and what the card and index.html say of both models'
                            answers, come out again:
                                python -m venv venv
                                venv/bin/pip install -r requirements.txt
                                venv/bin/python reproduce.py
software/                   the sources of odt_core that reproduce.py uses, with their licence
SHA256SUMS                  digests of all files: sha256sum --check SHA256SUMS

The base model, in every figure here, is models/base.tflite as it came. Where that began without
labels its head answers by chance; the dashboard's Result shows what its backbone knows of the
labels by itself, where it knows some, and so other figures.

reproduce.py takes as they are, and says so: studies, costs, the course of the training (runs/),
what charts draw (charts/, charts.html), what the base model's own card says (model-card.json),
why a file is missing in models/, how many samples were trained on where that training cannot be
repeated, which test samples were trained on earlier, and that a base test set came with the model
where the card names none of it that is a training sample over again.

Whoever forges a bundle can forge its reproduce.py, software/ and SHA256SUMS as well: if you doubt
them, let an odt that you trust check the unpacked folder:
    python -m odt_core.evidence.reproduce FOLDER

The samples of the person are in here. Give the bundle to those who may see them.
What came with the base model (models/, samples/base_test, samples/replay, and the samples of an
example person) is under the licences that model-card.md names; the sources under software/LICENSE.
"""

BAKED = {  # model files with the personalised weights, and whether they only predict
    "models/personalised.tflite": False,
    "models/personalised-predicts.tflite": True,
}
_PAINTERS = 4  # charts drawn at once, which take 17 MB each


def bundle(evidence: Evidence, bake: Bake) -> bytes:
    """The zip of what is used of the evidence. Runs no model: what models answered is given, and
    `bake` is called.

    bake(inference_only): a .tflite with the checkpoint's weights; an OdtError that it raises is
    noted in the card. Equal inputs on the same machine and versions give equal bytes. Raises
    CheckpointError when the checkpoint is damaged or was made with another file.
    """
    trained = evidence.checkpoint.meta.model_sha256
    if trained != digest(evidence.model):
        raise CheckpointError(
            f"The checkpoint was made with another file ({trained[:12]}…, this is "
            f"{digest(evidence.model)[:12]}…). Give the .tflite that it was made with."
        )
    evidence = _as_used(evidence)
    charts = charts_of(evidence)
    with ThreadPoolExecutor(min(usable_cores(), _PAINTERS)) as drawing:
        pictures = drawing.map(_drawn, charts)
        baked, why_not = _baked(bake)  # a dashboard's model does that in its own process
        models = {"models/base.tflite": evidence.model, **baked}
        files = {**_data_files(evidence), **models, **_software_files()}
        files |= {f"charts/{c.name}.png": png for c, png in zip(charts, pictures, strict=True)}
    files["charts.html"] = page(title_of(evidence.card.name), charts)
    return pack({**files, **_card_files(evidence, why_not, charts, files)})


def _drawn(chart: Chart) -> bytes:
    return chart.png()


def _as_used(evidence: Evidence) -> Evidence:
    """Without sets that are empty or that the training made no use of, and the test checked."""
    checkpoint, test = evidence.checkpoint, _filled(evidence.test)
    if test is not None:
        test = checked(test, evidence.samples, checkpoint, evidence.card, evidence.replay)
    return replace(
        evidence,
        test=test,
        base_test=_filled(evidence.base_test),
        replay=evidence.replay if any(one.get("replay") for one in _settings(evidence)) else None,
    )


def _settings(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Those of all trainings that are repeated; where none is, of the one that made the weights."""
    stages = evidence.origin.stages
    return [stage.settings for stage in stages] or [evidence.checkpoint.meta.settings]


def _filled(judged: Judged | None) -> Judged | None:
    return judged if judged is not None and len(judged.samples) else None


def checked(
    test: Judged,
    samples: Samples,
    checkpoint: Checkpoint,
    card: ModelCard,
    replay: Samples | None,
) -> Judged:
    """`with_leak`, and whether test samples decided which weights of the run were kept."""
    found = with_leak(test, samples, checkpoint, card, replay)
    return replace(found, chosen=checkpoint.meta.made_as == Reason.BEST)


def with_leak(
    test: Judged,
    samples: Samples,
    checkpoint: Checkpoint,
    card: ModelCard,
    replay: Samples | None,
) -> Judged:
    """With those of the test samples that were trained on, as the checkpoint or the samples say;
    what is known of them stays. replay: the samples of the model's card.
    """
    leak = joined(test.leak, leakage(samples, test.samples, card.preprocessing))
    return replace(test, leak=joined(leak, all_trained_on(checkpoint, test.samples, replay)))


def _baked(bake: Bake) -> tuple[dict[str, bytes], str]:
    """Those of BAKED that can be made, and why one cannot."""
    files, reasons = {}, []
    for name, inference_only in BAKED.items():
        try:
            files[name] = bake(inference_only)
        except OdtError as error:
            reasons.append(str(error))
    return files, " ".join(dict.fromkeys(reasons))


def _data_files(evidence: Evidence) -> dict[str, bytes]:
    files = {"weights/checkpoint.safetensors": evidence.checkpoint_file}
    origin = evidence.origin
    if origin.beginning is Beginning.WEIGHTS and origin.start is not None:
        meta = CheckpointMeta(
            model_sha256=digest(evidence.model), note="the weights that the training began with"
        )
        files["weights/start.safetensors"] = save_checkpoint(Checkpoint(origin.start, meta))
    sets: list[tuple[str, Samples | None]] = [
        ("train", evidence.samples),
        ("replay", evidence.replay),
        *((name, judged.samples) for name, judged in evidence.judged.items()),
    ]
    for name, samples in sets:
        if samples is not None:
            files[f"samples/{name}/x.npy"] = array_file(samples.x)
            files[f"samples/{name}/y.npy"] = array_file(samples.y)
            files[f"samples/{name}/list.csv"] = sample_list(samples)
    if evidence.curves is not None:
        files["runs/steps.csv"] = _steps(evidence.curves)
        files["runs/evaluations.json"] = _json(
            [evaluation.to_json() for evaluation in evidence.curves.evaluations]
        )
    return files


def _software_files() -> dict[str, bytes]:
    files = {f"software/{name}": content for name, content in sources().items()}
    return {
        **files,
        "reproduce.py": script(),
        "requirements.txt": requirements().encode(),
        "README.txt": _README.encode(),
    }


def _card_files(
    evidence: Evidence, not_baked: str, charts: tuple[Chart, ...], files: dict[str, bytes]
) -> dict[str, bytes]:
    card = facts(evidence, charts, files, not_baked)
    model_card = evidence.card.to_json()
    return {
        "personalisation-card.json": _json(card),
        "model-card.json": _json({**model_card, "sha256": card["model"]["sha256"]}),
        **readable_files(card, model_card),
    }


def sample_list(samples: Samples) -> bytes:
    """A table of the samples: their labels and digests."""
    lines = ["number,output,label,sha256"]
    labelled = samples.y.dtype.kind in "iu"
    for k, sha256 in enumerate(sample_digests(samples)):
        output = int(samples.y[k]) if labelled else None
        name = samples.labels.names[output] if output is not None else None
        lines.append(
            f"{k},{'' if output is None else output},{csv_text(name or '')},{csv_text(sha256)}"
        )
    return ("\r\n".join(lines) + "\r\n").encode()


def _steps(curves: Curves) -> bytes:
    names = (
        "step", "epoch", "loss", "cross_entropy", "accuracy", "mean_squared_error",
        "mean_absolute_error", "learning_rate", "seconds",
    )  # fmt: skip
    lines = [",".join(names)]
    for record in curves.records:
        cells = (getattr(record, name) for name in names)
        told = ("" if cell is None or math.isnan(cell) else f"{cell:.9g}" for cell in cells)
        lines.append(",".join(told))
    return ("\r\n".join(lines) + "\r\n").encode()


def _json(value: Any) -> bytes:
    """In the order of the values: so does the page for people tell them."""
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()
