// When a menu or a dialog closes, the keyboard is back where it was before; where that is gone, beside it.
if (!window.odtFocus) {
  window.odtFocus = true;
  const MENU = '[data-testid="stPopoverBody"]';
  const over = () => document.querySelectorAll(`.stDialog, ${MENU}`).length;
  let path = [];  // from what had the focus last on the page itself, outwards
  let open = 0;

  // The first of them that takes it: what is locked or out of sight does not.
  const focusFirst = (places) => places.some((one) => {
    one.focus?.({ preventScroll: true });
    return one.matches?.(":focus");
  });
  const goBack = () => {
    if (over() || document.activeElement !== document.body) return;
    if (document.querySelector("[inert] .stApp")) return requestAnimationFrame(goBack);  // for a moment yet
    path.slice(0, path.indexOf(document.body)).filter((one) => one.isConnected)
      .some((one) => focusFirst([one, ...one.querySelectorAll("button")]));
  };
  // Not when it comes: of a move within one of our own elements the page hears nothing.
  document.addEventListener("focusout", (e) => {
    if (!e.target.closest(`.stDialog, ${MENU}, #portal`)) path = e.composedPath();
  });
  new MutationObserver(() => {
    const before = open;
    open = over();
    if (open < before) requestAnimationFrame(goBack);
  }).observe(document.body, { childList: true, subtree: true });
}
