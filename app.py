"""Page config and navigation; everything else lives in pages/ and odt_core/."""

import streamlit as st

from pages.ui.entry import mark_entered
from pages.ui.look import apply_look
from pages.ui.served import ASSETS

st.set_page_config(
    page_title="odt: personalise a model",
    page_icon=str(ASSETS / "icons" / "odt.png"),
    layout="wide",
)
PAGES = {
    "personalise": "Personalise",
    "evaluate": "Evaluate",
    "checkpoints": "Checkpoints",
    "model": "Model",
}


def home() -> None:
    """The bare address leads to the first page, so that every page has one address of its own."""
    st.switch_page("pages/personalise.py", query_params=st.query_params.to_dict())


page = st.navigation(
    [
        st.Page(home, title="odt", default=True, visibility="hidden"),
        *(st.Page(f"pages/{name}.py", title=title) for name, title in PAGES.items()),
    ],
    position="top",
)
apply_look()
if wanted := mark_entered():
    st.switch_page(wanted, query_params=st.query_params.to_dict())
page.run()
