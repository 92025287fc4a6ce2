"""What the pages share: components, the lookup of the open workspace, wording. Streamlit on top of odt_core."""
