"""model."""

import streamlit as st

from pages.ui.entry import ensure_entry

ensure_entry(__file__)
st.title("model")
st.write("q", st.query_params.to_dict())
