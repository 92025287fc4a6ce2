// What is being typed is sent before another page comes: a field that is left by the very click on the
// menu would tell the server only afterwards, and Streamlit would drop that, or the click itself.
// Another tab that a link is opened in gets the same workspace. Questions before a deletion are answered
// by Enter with no.
if (!window.odtMenu) {
  window.odtMenu = true;
  const linkOf = (e) => e.target.closest?.('[data-testid="stTopNavLink"], [data-testid="stPageLink"] a');
  // Streamlit's own addresses of pages are without the workspace (?w=); the first page's may be "".
  const complete = (e) => {
    const link = linkOf(e);
    const to = link && new URL(link.getAttribute("href") || ".", location.href);
    if (to?.origin === location.origin) link.href = Object.assign(to, { search: location.search });
  };
  for (const before of ["pointerdown", "keydown", "contextmenu"]) document.addEventListener(before, complete, true);
  let left = false;  // a field, for the link that is being pressed
  document.addEventListener("pointerdown", (e) => {
    let field = linkOf(e) ? document.activeElement : null;
    while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement;
    left = Boolean(field?.matches?.("input, textarea"));
    if (left) field.blur();
  }, true);
  document.addEventListener("click", (e) => {
    const link = linkOf(e), waits = left;
    left = false;  // also where the press ended beside the link
    const elsewhere = e.ctrlKey || e.metaKey || e.shiftKey;  // by the browser, were it not for Streamlit
    if (!link || !(elsewhere || waits)) return;
    e.stopPropagation();
    if (elsewhere) return;
    e.preventDefault();
    setTimeout(() => link.click(), 100);  // ms: the server begins with what the field has to say
  }, true);
  // Enter, where a question was not touched yet, deletes nothing.
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.matches?.('[role="dialog"]'))
      e.target.querySelector('[class*="st-key-keep_"] button')?.click();
  });
}
