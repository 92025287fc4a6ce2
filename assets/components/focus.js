// When a menu or a dialog closes, the keyboard is back where it was before; where that is gone, beside it.
// A menu that is opened by a key has it at once: it stands at the end of the page, many Tabs away.
if (!window.odtFocus) {
  window.odtFocus = true;
  const MENU = '[data-testid="stPopoverBody"]', BUTTON = '[data-testid="stPopoverButton"]';
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

  document.addEventListener("click", (e) => {
    const button = e.detail === 0 && e.target.closest?.(BUTTON);  // 0: by a key
    if (button) requestAnimationFrame(() => goIn(button));
  });
  const goIn = (button) => {
    const menu = document.querySelector(MENU);
    if (!menu || button.ariaExpanded !== "true") return;
    menu.tabIndex = -1;  // for one that has only something to say
    focusFirst([...menu.querySelectorAll("button"), menu]);
  };
  // From its ends the Tab key goes on at its button.
  document.addEventListener("keydown", (e) => {
    const menu = e.key === "Tab" && e.target.closest?.(MENU);
    const button = menu && document.querySelector(`${BUTTON}[aria-expanded="true"]`);
    if (!button) return;
    const stops = [menu, ...menu.querySelectorAll("button:not(:disabled)")];
    if (!(e.shiftKey ? stops.slice(0, 2) : stops.slice(-1)).includes(e.target)) return;
    if (e.shiftKey) e.preventDefault();
    button.click();
    button.focus();
  });
}
