// What is being typed is sent before another page comes: a field that is left by the very click on the
// menu would tell the server only afterwards, and Streamlit would drop that, or the click itself.
// Questions before a deletion are answered by Enter with no.
if (!window.odtMenu) {
  window.odtMenu = true;
  const linkOf = (e) => e.target.closest?.('[data-testid="stTopNavLink"], .st-key-pages a');
  let left = false;  // a field, for the link that is being pressed
  document.addEventListener("pointerdown", (e) => {
    let field = linkOf(e) ? document.activeElement : null;
    while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement;
    left = Boolean(field?.matches?.("input, textarea"));
    if (left) field.blur();
  }, true);
  document.addEventListener("click", (e) => {
    const link = left && linkOf(e);
    left = false;  // also where the press ended beside the link
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    e.stopPropagation();
    setTimeout(() => link.click(), 100);  // ms: the server begins with what the field has to say
  }, true);
  // Enter, where a question was not touched yet, deletes nothing.
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.matches?.('[role="dialog"]'))
      e.target.querySelector('[class*="st-key-keep_"] button')?.click();
  });
}
