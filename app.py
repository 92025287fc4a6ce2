"""Page config and navigation; everything else lives in pages/ and odt_core/."""

import streamlit as st

from pages.ui.entry import mark_entered
from pages.ui.look import apply_look
from pages.ui.served import ASSETS

st.set_page_config(
    page_title="odt · personalise a model",
    page_icon=str(ASSETS / "icons" / "odt.png"),
    layout="wide",
)
PAGES = [
    st.Page("pages/personalise.py", title="Personalise", default=True),
    st.Page("pages/evaluate.py", title="Evaluate"),
    st.Page("pages/checkpoints.py", title="Checkpoints"),
    st.Page("pages/model.py", title="Model"),
]
page = st.navigation(PAGES, position="top")
apply_look()
if wanted := mark_entered():
    st.switch_page(wanted)
page.run()
