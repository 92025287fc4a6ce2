"""Page config and navigation; everything else lives in pages/ and odt_core/."""

import streamlit as st

from pages.ui.entry import mark_entered
from pages.ui.look import apply_look
from pages.ui.personalise import personalise
from pages.ui.served import ASSETS

st.set_page_config(
    page_title="odt: personalise a model",
    page_icon=str(ASSETS / "icons" / "odt.png"),
    layout="wide",
)
page = st.navigation(
    [
        # Drawn at the bare address without a detour, which would cost half a second at the start.
        st.Page(personalise, title="Personalise", url_path="start", default=True),
        st.Page("pages/personalise.py", title="Personalise", visibility="hidden"),
        st.Page("pages/evaluate.py", title="Evaluate"),
        st.Page("pages/checkpoints.py", title="Checkpoints"),
        st.Page("pages/model.py", title="Model"),
    ],
    position="top",
)
apply_look()
if wanted := mark_entered():
    st.switch_page(wanted, query_params=st.query_params.to_dict())
page.run()
