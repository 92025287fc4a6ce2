"""Files that the browser fetches from this server by URL, once: fonts and Plotly."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"


def served_folder(name: str, folder: Path) -> str:
    """The address under which the files of `folder` are served, without a slash at the end.

    A declared component's folder is the one place outside `static/` from which Streamlit serves
    files; nothing is ever shown through it. The browser caches what it fetched.
    """
    component = st.components.v1.declare_component(name, path=str(folder))
    return f"component/{component.name}"


FONTS = served_folder("odt_fonts", ASSETS / "fonts")
PLOTLY = served_folder("odt_plotly", ASSETS / "plotly") + "/plotly-cartesian.min.js"


def scripts(*names: str) -> str:
    """A component's scripts, in this order."""
    folder = ASSETS / "components"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def with_plotly(*names: str) -> str:
    """A component's scripts, before them the function that loads Plotly once for the whole page."""
    return scripts("plotly_loader.js", *names)
