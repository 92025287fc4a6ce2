"""What a person leaves with: checkpoint and samples."""

from __future__ import annotations

import re

import streamlit as st

from pages.ui import pieces
from pages.ui.desk import Desk


def download_menu(desk: Desk) -> None:
    """A button that opens the choice of downloads; each file is made when it is asked for."""
    workspace, manifest = desk.workspace, desk.workspace.manifest
    with st.popover("Download", key="download"):
        head = manifest.checkpoint(manifest.head) if manifest.head else None
        if head is None:
            pieces.note("Your model is the base model still. Train it, then download it here.")
        else:
            st.download_button(
                "Your model as a checkpoint (.safetensors)",
                lambda: workspace.checkpoint_bytes(head.id),
                file_name=file_name(desk.model.name, f"step{head.info.step}.safetensors"),
                mime="application/octet-stream",
                key="download_checkpoint",
                on_click="ignore",
                width="stretch",
            )
        if manifest.samples:
            st.download_button(
                "Your samples (.zip of label folders)",
                workspace.export_zip,
                file_name=file_name(desk.model.name, "samples.zip"),
                mime="application/zip",
                key="download_samples",
                on_click="ignore",
                width="stretch",
            )


def file_name(*parts: str) -> str:
    """The parts as one file name without anything that a file system could take amiss."""
    return "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in parts).lower()
