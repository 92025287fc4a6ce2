// Streamlit writes the workspace (?w=) into the address after each change of page, as an entry of
// the history of its own, so that "Back" would only take it out again: it replaces the one before.
if (!window.odtHistory) {
  window.odtHistory = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const same = url != null && new URL(url, location.href).pathname === location.pathname;
    return same ? history.replaceState(state, title, url) : push(state, title, url);
  };
}
