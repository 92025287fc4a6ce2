"""What a person leaves with: models, checkpoint and samples."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from odt_core.workspace import CheckpointEntry
from pages.ui import pieces
from pages.ui.desk import Desk

_BYTES = "application/octet-stream"


def download_menu(desk: Desk) -> None:
    """A button that opens the choice of downloads; each file is made when it is asked for."""
    workspace, manifest = desk.workspace, desk.workspace.manifest
    with st.popover("Download", key="download"):
        head = manifest.head_entry
        if desk.busy:
            pieces.note(f"{desk.training_is}. When it has ended, download your model here.")
        elif head is None:
            pieces.note("Your model is the base model still. Train it, then download it here.")
        else:
            _your_model(desk, head)
        if manifest.samples:
            download(
                f"Your samples (.zip{' of label folders' * desk.tells_labels})",
                workspace.export_zip,
                file_name(desk.model.name, "samples.zip"),
                "download_samples",
                mime="application/zip",
            )


def _your_model(desk: Desk, head: CheckpointEntry) -> None:
    name, step = desk.model.name, f"step{head.info.steps}"
    download(
        "Your model as .tflite (trains on)",
        lambda: desk.bake(),
        file_name(name, f"{step}.tflite"),
        "download_model",
        help="Starts with your weights, on a phone or anywhere; can be trained further.",
    )
    if desk.can_predict:
        download(
            "… for predictions only (.tflite)",
            lambda: desk.bake(inference_only=True),
            file_name(name, f"{step}-predicts.tflite"),
            "download_predicts",
            help="Smaller and faster: weights are constants, nothing can be trained.",
        )
    download(
        "Your model as a checkpoint (.safetensors)",
        lambda: desk.checkpoint_file(head.id),
        file_name(name, f"{step}.safetensors"),
        "download_checkpoint",
    )
    versions = desk.tf_versions("save")
    if versions:
        single = versions == {1}
        download(
            "… as the model's own 'save' writes it"
            + (" (.ckpt)" if single else " (.zip of two files)"),
            desk.save_tf_checkpoint,
            file_name(name, f"{step}.ckpt" if single else f"{step}-checkpoint.zip"),
            "download_tf",
            help="A TensorFlow checkpoint: the model's own 'restore' reads it on a phone.",
        )


def model_downloads(desk: Desk) -> None:
    """The base model as it runs here, for the Model page."""
    pieces.heading("Files")
    name = desk.model.name
    if desk.worker().uninitialised and not desk.trained:
        pieces.note("Nothing to download yet: the model has no weights.")
        return
    state = ", and with signatures that read and set all variables" * desk.contract.state
    pieces.note(
        f"The base model as it runs here: without TensorFlow ops, so that a phone needs no Flex "
        f"library{state}."
    )
    with st.container(horizontal=True):
        download(
            "Base model, rewritten (.tflite)",
            lambda: desk.bake(which="base"),
            file_name(name, "rewritten.tflite"),
            "download_base",
            width="content",
        )
        if desk.can_predict:
            download(
                "… for predictions only",
                lambda: desk.bake(which="base", inference_only=True),
                file_name(name, "base-predicts.tflite"),
                "download_base_predicts",
                width="content",
            )


def download(
    label: str,
    make: Callable[[], bytes],
    file: str,
    key: str,
    *,
    mime: str = _BYTES,
    width: str = "stretch",
    help: str | None = None,
) -> None:
    """A button for a file that is made when it is asked for."""
    st.download_button(
        label, make, file_name=file, mime=mime, key=key, on_click="ignore", width=width, help=help
    )


def file_name(model: str, end: str) -> str:
    """A model's name and what the file is, as one file name without anything that a file system
    could take amiss.
    """
    parts = (model.removesuffix(".tflite"), end)
    return "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in parts).lower()
