"""Whether a fragment's run also brought what a person did beside the fragment.

Streamlit's browser side puts all that happens in one moment into one message, and names one
fragment for it: leaving a field of the settings and pressing Train is one tap. Train's callback
runs, but only the settings would be drawn anew.
"""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx


def acted_elsewhere() -> bool:
    """True in a run of fragments alone, where a widget outside them has changed."""
    context = get_script_run_ctx(suppress_warning=True)
    running = set(context.fragment_ids_this_run or ()) if context else set()
    if context is None or not running:
        return False
    state = context.session_state._state
    widgets = state._new_widget_state
    for one in list(widgets.states):
        about = widgets.widget_metadata.get(one)
        if about is None or about.disabled or about.fragment_id in running:
            continue
        if state._widget_changed(one):
            return True
    return False
