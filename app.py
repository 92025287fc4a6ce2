"""Page config and navigation; everything else lives in pages/ and odt_core/."""

import streamlit as st

from odt_core.worker.limits import keep_little_memory
from pages.ui import pieces
from pages.ui.entry import mark_entered
from pages.ui.look import apply_look
from pages.ui.page_links import page_links
from pages.ui.personalise import personalise
from pages.ui.served import ASSETS
from pages.ui.theme_once import remember_theme
from pages.ui.turns import Urgency, turn

keep_little_memory()
remember_theme()
st.set_page_config(page_icon=str(ASSETS / "icons" / "odt.png"), layout="wide")
# The first page is drawn at the bare address, without a detour that would cost half a second, and
# at its own; the menu shows the one of the two that is open.
by_name = (st.context.url or "").rstrip("/").endswith("/personalise")
pages = [
    st.Page(
        personalise,
        title="Personalise",
        url_path="start",
        default=True,
        visibility="hidden" if by_name else "visible",
    ),
    st.Page(
        "pages/personalise.py",
        title="Personalise",
        visibility="visible" if by_name else "hidden",
    ),
    st.Page("pages/evaluate.py", title="Evaluate"),
    st.Page("pages/checkpoints.py", title="Checkpoints"),
    st.Page("pages/model.py", title="Model"),
]
page = st.navigation(pages, position="top")
st.set_page_config(page_title=f"{page.title} · odt")
apply_look()
page_links(one for one in pages if one.visibility == "visible")
if wanted := mark_entered():
    st.switch_page(wanted, query_params=st.query_params.to_dict())
# The style comes a moment after the first elements: until then they are kept out of sight.
with st.container(key="page", height=1, border=False), turn(Urgency.CLICK):
    pieces.page_title(page.title)
    page.run()
