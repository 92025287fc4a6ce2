// Ctrl+Z presses the page's Undo, but where something else is taken back: in a field what was typed, on
// a canvas its strokes, of which it keeps the key to itself. A key that is held down takes back one step.
if (!window.odtUndo) {
  window.odtUndo = true;
  const TYPED = "input:not([type=radio], [type=checkbox], [type=range]), textarea, [contenteditable=true]";
  document.addEventListener("keydown", (e) => {
    const wanted = (e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === "z";
    if (!wanted || e.repeat || e.composedPath()[0].matches?.(TYPED) || document.querySelector(".stDialog")) return;
    const undo = document.querySelector('[class*="st-key-undo"] button:not(:disabled)');
    if (!undo) return;
    e.preventDefault();
    undo.click();
  });
}
