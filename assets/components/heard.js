// What a screen reader hears of a training and of what was done: a sentence into an element that is there already.
// What was so when the page came is no news.
const SAID = new WeakMap();

// Streamlit calls every bar "progress", and may draw this one later than us, or anew.
function named(part, name) {
  const bar = part.querySelector("[role=progressbar]");
  if (bar && bar.ariaLabel !== name) bar.ariaLabel = name;
}

export default function ({ data, parentElement }) {
  const line = parentElement.querySelector(".odt-heard");
  const part = line.closest(".st-key-train_progress");
  if (SAID.has(line) && SAID.get(line) !== data.said) line.textContent = data.said;
  if (part && !SAID.has(line))
    new MutationObserver(() => named(part, data.bar)).observe(part, { childList: true, subtree: true });
  SAID.set(line, data.said);
  if (part) named(part, data.bar);
}
