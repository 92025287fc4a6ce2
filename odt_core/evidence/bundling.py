"""The evidence bundle: one zip that shows, and lets anybody check, what personalising did."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from odt_core.checkpoint import Checkpoint, CheckpointMeta, load_checkpoint, save_checkpoint
from odt_core.cores import usable_cores
from odt_core.dialects.contract import LOSS_NAME
from odt_core.errors import CheckpointError, OdtError
from odt_core.evaluation import leakage
from odt_core.evidence.archive import array_file, pack
from odt_core.evidence.charts import Chart, charts_of, page
from odt_core.evidence.escape import csv_text
from odt_core.evidence.facts import digest, facts, sample_digests
from odt_core.evidence.inside import Inside
from odt_core.evidence.material import Bake, Curves, Judged, Material
from odt_core.evidence.origin import Beginning, Origin, trace
from odt_core.evidence.readable import (
    as_html,
    as_markdown,
    model_sections,
    personalisation_sections,
)
from odt_core.evidence.software import script, sources
from odt_core.evidence.studies import Studies
from odt_core.evidence.versions import requirements
from odt_core.training import Reason

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.dialects.contract import Choice
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
runs/steps.csv              every step of the training
reproduce.py                trains again from this bundle alone and says whether the weights are
                            identical, bit for bit:
                                python -m venv venv
                                venv/bin/pip install -r requirements.txt
                                venv/bin/python reproduce.py
software/                   the sources of odt_core that reproduce.py uses, with their licence
SHA256SUMS                  digests of all files: sha256sum --check SHA256SUMS

The samples of the person are in here. Give the bundle to those who may see them.
"""

_PAINTERS = 4  # charts drawn at once, which take 17 MB each


def bundle(
    *,
    model: bytes,
    card: ModelCard,
    checkpoint: bytes,
    samples: Samples,
    origin: Origin | None = None,
    bake: Bake | None = None,
    test: Judged | None = None,
    base_test: Judged | None = None,
    replay: Samples | None = None,
    choice: Choice | None = None,
    curves: Curves | None = None,
    studies: Studies | None = None,
    inside: Inside | None = None,
    loss_name: str = LOSS_NAME,
    trained_on: int | None = None,
) -> bytes:
    """The zip. Runs no model: what models answered is given, and `bake` is called.

    model: the .tflite as it came. card: with the labels and preprocessing that were used.
    checkpoint: the personalised weights, a .safetensors file of odt. samples: what it was trained
    on; replay: the base samples mixed in. origin: how the weights came about (`trace`); None
    assumes one training from the base model. bake(inference_only): a .tflite with the checkpoint's
    weights; an OdtError that it raises is noted in the card. test, base_test: samples and what both
    models made of them. choice: corrections of the signatures' use. curves, studies, inside: where
    known.

    Equal inputs on the same machine and versions give equal bytes. Raises CheckpointError when the
    checkpoint is damaged or belongs to another model.
    """
    loaded = load_checkpoint(checkpoint)
    if loaded.meta.model_sha256 != digest(model):
        raise CheckpointError(
            f"The checkpoint belongs to another model ({loaded.meta.model_sha256[:12]}…, this is "
            f"{digest(model)[:12]}…). Give the .tflite that it was trained with."
        )
    material = Material(
        model=model,
        card=card,
        checkpoint_file=checkpoint,
        checkpoint=loaded,
        samples=samples,
        origin=origin or trace(loaded, samples, replay),
        loss_name=loss_name,
        test=checked(test, samples, loaded, card) if test and len(test.samples) else None,
        base_test=base_test if base_test is not None and len(base_test.samples) else None,
        replay=replay if _replays(loaded) else None,
        choice=choice or None,
        trained_on=trained_on,
        curves=curves,
        studies=studies or Studies(),
        inside=inside or Inside(),
    )
    charts = charts_of(material)
    with ThreadPoolExecutor(min(usable_cores(), _PAINTERS)) as drawing:
        pictures = drawing.map(lambda chart: chart.png(), charts)
        material = _with_baked(material, bake)  # a dashboard's model does that in its own process
        files = {**_data_files(material), **_software_files()}
        files |= {f"charts/{c.name}.png": png for c, png in zip(charts, pictures, strict=True)}
    files["charts.html"] = page(_title(material), charts)
    return pack({**files, **_card_files(material, charts, files)})


def checked(test: Judged, samples: Samples, checkpoint: Checkpoint, card: ModelCard) -> Judged:
    """With what makes the test samples worth less: those of them that were trained on, and whether
    test samples decided which weights of the run were kept. As it is where that is known.
    """
    if test.leak is not None:
        return test
    return replace(
        test,
        leak=leakage(samples, test.samples, card.preprocessing),
        chosen=checkpoint.meta.note == Reason.BEST,
    )


def _with_baked(material: Material, bake: Bake | None) -> Material:
    if bake is None:
        return replace(material, not_baked="not asked for")
    found: list[bytes | None] = []
    reasons = []
    for inference_only in (False, True):
        try:
            found.append(bake(inference_only))
        except OdtError as error:
            found.append(None)
            reasons.append(str(error))
    baked, predicts = found
    not_baked = " ".join(dict.fromkeys(reasons))
    return replace(material, baked=baked, predicts=predicts, not_baked=not_baked)


def _replays(checkpoint: Checkpoint) -> bool:
    return bool(checkpoint.meta.settings.get("replay", 0))


def _data_files(material: Material) -> dict[str, bytes]:
    files = {
        "models/base.tflite": material.model,
        "weights/checkpoint.safetensors": material.checkpoint_file,
    }
    if material.baked is not None:
        files["models/personalised.tflite"] = material.baked
    if material.predicts is not None:
        files["models/personalised-predicts.tflite"] = material.predicts
    origin = material.origin
    if origin.beginning is Beginning.WEIGHTS and origin.start is not None:
        meta = CheckpointMeta(
            model_sha256=digest(material.model), note="the weights that the training began with"
        )
        files["weights/start.safetensors"] = save_checkpoint(Checkpoint(origin.start, meta))
    sets: list[tuple[str, Samples | None]] = [
        ("train", material.samples),
        ("replay", material.replay),
        *((name, judged.samples) for name, judged in material.judged.items()),
    ]
    for name, samples in sets:
        if samples is not None:
            files[f"samples/{name}/x.npy"] = array_file(samples.x)
            files[f"samples/{name}/y.npy"] = array_file(samples.y)
            files[f"samples/{name}/list.csv"] = _sample_list(samples)
    if material.curves is not None:
        files["runs/steps.csv"] = _steps(material.curves)
        files["runs/evaluations.json"] = _json(
            [evaluation.to_json() for evaluation in material.curves.evaluations]
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
    material: Material, charts: tuple[Chart, ...], files: dict[str, bytes]
) -> dict[str, bytes]:
    card = facts(material, files)
    title, lead = _title(material), _lead(material)
    sections = personalisation_sections(card, charts)
    model_card = material.card.to_json()
    about = model_sections(model_card, card["model"])
    return {
        "personalisation-card.json": _json(card),
        "personalisation-card.md": as_markdown(title, lead, sections),
        "index.html": as_html(title, lead, [*sections, *about], charts),
        "model-card.json": _json({**model_card, "sha256": card["model"]["sha256"]}),
        "model-card.md": as_markdown(material.card.name, material.card.summary, about),
    }


def _title(material: Material) -> str:
    return f"{material.card.name}, personalised"


def _lead(material: Material) -> str:
    made = material.checkpoint.meta.created
    when = f", made {made.replace('T', ' ').replace('+00:00', ' UTC')}" if made else ""
    now = len(material.samples)
    count = now if material.trained_on is None else material.trained_on
    several = len(material.origin.stages) > 1 or material.origin.beginning is Beginning.WEIGHTS
    went_on = " in the last of its trainings" if several else ""
    others = "" if count == now else f" ({now:,} are for training now)"
    return (
        f"Trained on {count:,} sample{'' if count == 1 else 's'}{others}, "
        f"{material.checkpoint.meta.step:,} steps{went_on}{when}. Every number comes with its n; "
        "what is not known is said."
    )


def _sample_list(samples: Samples) -> bytes:
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
        lines.append(",".join("" if cell is None else f"{cell:.9g}" for cell in cells))
    return ("\r\n".join(lines) + "\r\n").encode()


def _json(value: Any) -> bytes:
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()
