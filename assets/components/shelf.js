// The shelf of labels and their samples. It shows what Python says and reports what the person did;
// names come from people, so they only ever enter the page as text or as a form value.
const STATE = new WeakMap();
// Names of labels that the server has not spoken of yet; they outlive the element, as the outbox does.
const ADDED = [];

function make(tag, name, more = {}) {
  return Object.assign(document.createElement(tag), { className: name, ...more });
}

function thumb(sample, label, act) {
  const button = make("button", "thumb" + (sample.test ? " test" : sample.out ? " out" : ""), { type: "button" });
  const kind = sample.test ? "your test sample"
    : sample.out ? "the same as a test sample, so kept out of training" : "training sample";
  button.title = button.ariaLabel = `${label.name}: ${kind}. Enlarge`;
  button.append(make("img", "", { src: sample.src, alt: "", loading: "lazy", draggable: false }));
  button.onclick = (e) => { e.stopPropagation(); act({ do: "open", sample: sample.id }); };
  return button;
}

// The Tab key stops once for all labels, at the one where the focus is or else at the chosen one, then
// at its buttons, then once for all its pictures; arrow keys go on from there.
const PICTURES = ".thumb, .all";

function stops(list, focused) {
  const li = focused?.closest("li") ?? list.querySelector("li.on") ?? list.firstElementChild;
  const picture = focused?.matches(PICTURES) ? focused : li?.querySelector(PICTURES);
  for (const part of list.querySelectorAll("input, button"))
    part.tabIndex = part.closest("li") === li && (part === picture || !part.matches(PICTURES)) ? 0 : -1;
}

function go(e) {
  const li = e.target.closest("li");
  const row = { ArrowUp: li.previousElementSibling, ArrowDown: li.nextElementSibling }[e.key];
  const picture = { ArrowLeft: e.target.previousElementSibling, ArrowRight: e.target.nextElementSibling }[e.key];
  const to = row?.querySelector(".name") ?? (e.target.matches(PICTURES) ? picture : null);
  if (!to || e.isComposing) return;
  e.preventDefault();
  to.focus();
}

// In place of what had the focus and is gone. On a phone no keyboard is to rise for it.
function keepFocus(part) {
  if (!part.matches("input") || !matchMedia("(pointer: coarse)").matches) part.focus({ preventScroll: true });
}

// Into the list's own window, while the page stays where it is.
function reveal(list, li) {
  const [window, box] = [list.getBoundingClientRect(), li.getBoundingClientRect()];
  const [above, below] = [box.top - 2 - window.top, box.bottom + 2 - window.bottom];  // px, with its ring
  list.scrollTop += below > 0 ? Math.min(above, below) : Math.min(above, 0);
}

// What is on its way counts already: the page may be drawn once more without it.
function chosen(data) {
  const sent = OUTBOX.acts.findLast((one) => one.do === "choose" || one.do === "add");
  return sent ? sent.label : data.active;
}

function row(label) {
  const li = make("li", "");
  const line = make("div", "line");
  const name = make("input", "name", { autocomplete: "off", spellcheck: false, dir: "auto" });
  name.setAttribute("aria-description", "Up and down go to other labels, Enter chooses, typing renames.");
  const acts = make("span", "acts");
  acts.append(make("button", "toggle", { type: "button" }), make("button", "delete", { type: "button", textContent: "Delete label" }));
  line.append(name, make("span", "count"), make("div", "thumbs"), acts);
  li.append(line);
  li.dataset.id = label.id;
  return li;
}

function fill(li, label, data, act) {
  const on = label.id === data.active;
  const part = (name) => li.querySelector("." + name);
  li.className = (on ? "on " : "") + (label.enabled ? "" : "off ") + (label.fixed ? "fixed" : "");
  li.setAttribute("aria-current", on ? "true" : "false");
  const choose = () => { if (chosen(data) !== label.id) act({ do: "choose", label: label.id, name: label.name }); };
  li.onclick = choose;

  const name = part("name");
  const sent = OUTBOX.acts.findLast((one) => one.do === "rename" && one.label === label.id);
  const called = sent ? sent.name : label.name;
  if (name.value === (li.dataset.name ?? "")) name.value = called;  // else it is being typed
  const samples = `${label.count} sample${label.count === 1 ? "" : "s"}`;
  const said = [`Label ${called}`, samples, label.test && `${label.test} for testing`,
    !label.enabled && "disabled", on && "chosen"];
  Object.assign(name, { maxLength: data.longest, disabled: label.fixed, readOnly: data.busy, title: called,
    ariaLabel: said.filter(Boolean).join(", ") });
  li.dataset.name = called;
  const rename = () => {
    if (name.value === li.dataset.name) return;
    li.dataset.name = name.value;
    act({ do: "rename", label: label.id, name: name.value });
  };
  // By what is done in it, not by the focus, which only passes through on its way (WCAG 3.2.1).
  name.oninput = choose;
  name.onblur = rename;
  name.onkeydown = (e) => {
    if (e.isComposing) return;
    if (e.key === "Enter") {
      rename();
      choose();
      if (matchMedia("(pointer: coarse)").matches) name.blur();  // takes the keyboard off the screen
    } else if (e.key === " " && chosen(data) !== label.id) {
      e.preventDefault();
      choose();
    } else if (e.key === "Escape") name.value = li.dataset.name;
  };
  // Beside pictures of them a number alone says it.
  const many = on || !label.count ? samples : `${label.count}`;
  part("count").textContent = label.enabled ? many + (label.test ? " · " : "") : "disabled";
  if (label.enabled && label.test) part("count").append(make("span", "tests", { textContent: `${label.test} test` }));

  const thumbs = part("thumbs");
  const holder = on ? li : part("line");  // the chosen label gets a line of its own for its samples
  if (thumbs.parentElement !== holder) on ? holder.append(thumbs) : holder.insertBefore(thumbs, part("acts"));
  const shown = label.thumbs.slice(0, label.fixed ? 3 * data.many : on ? data.many : data.fit);
  const state = JSON.stringify([shown.map((one) => [one.id, one.test, one.out]), label.count, on, label.name]);
  if (thumbs.dataset.state !== state) {
    thumbs.dataset.state = state;
    const held = [...thumbs.children].indexOf(thumbs.querySelector(":focus"));
    thumbs.replaceChildren(...shown.map((one) => thumb(one, label, act)));
    if (label.count > shown.length) {
      if (on) thumbs.append(make("button", "all", { type: "button", textContent: `See all ${label.count}`,
        ariaLabel: `See all ${label.count} samples of ${label.name}`, onclick: (e) => { e.stopPropagation(); act({ do: "all", label: label.id }); } }));
      else thumbs.append(make("span", "more", { textContent: `+${label.count - shown.length}` }));
    }
    if (!label.count && on) thumbs.append(make("span", "none", { textContent: data.hint }));
    const pictures = thumbs.querySelectorAll(PICTURES);
    if (held >= 0) keepFocus(pictures[Math.min(held, pictures.length - 1)] ?? name);
  }
  const toggle = part("toggle");
  toggle.textContent = label.enabled ? "Disable" : "Enable";
  toggle.ariaLabel = `${toggle.textContent} label ${called}`;
  part("delete").ariaLabel = `Delete label ${called}`;
  toggle.onclick = (e) => { e.stopPropagation(); act({ do: "toggle", label: label.id }); };
  part("delete").onclick = (e) => { e.stopPropagation(); act({ do: "delete", label: label.id }); };
  toggle.disabled = part("delete").disabled = data.busy;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const shelf = parentElement.querySelector(".shelf");
  const list = shelf.querySelector(".labels");
  const fresh = !STATE.has(shelf);
  const s = STATE.get(shelf) ?? { rows: new Map(), seen: "" };
  const { rows } = s;
  STATE.set(shelf, s);
  const act = (what) => sendAct(what, setTriggerValue);
  confirmActs(data.done, fresh, setTriggerValue);
  shelf.style.maxHeight = data.height;
  const longest = Math.max(...data.labels.map((label) => widthOf(label.name)), 0);
  const most = shelf.clientWidth && shelf.clientWidth < 380 ? 8 : 13;  // on a phone the buttons need the room
  const letters = Math.min(Math.max(longest, 5), most) + 2;
  shelf.style.setProperty("--name", `${letters}ch`);  // one width for all rows
  // As many pictures as a row has room for beside name, counts and "+12", of 33 pixels each.
  const room = list.clientWidth ? Math.floor((list.clientWidth - 10 * letters - 158) / 33) : data.few;
  data = { ...data, fit: Math.max(1, Math.min(data.few, room)) };

  const wanted = new Set(data.labels.map((label) => label.id));
  let lost = -1;  // place of the row that goes with the focus
  for (const [id, li] of rows) if (!wanted.has(id)) {
    if (li.querySelector(":focus")) lost = [...list.children].indexOf(li);
    li.remove();
    rows.delete(id);
  }
  data.labels.forEach((label, place) => {
    if (!rows.has(label.id)) rows.set(label.id, row(label));
    const li = rows.get(label.id);
    if (list.children[place] !== li) list.insertBefore(li, list.children[place] ?? null);
    fill(li, label, data, act);
  });
  if (fresh) {
    list.addEventListener("focusin", (e) => stops(list, e.target));
    list.addEventListener("focusout", (e) => stops(list, list.contains(e.relatedTarget) ? e.relatedTarget : null));
    list.addEventListener("keydown", go);
  }
  const next = list.children[Math.min(lost, list.children.length - 1)];
  if (next) keepFocus(next.querySelector(".name"));
  stops(list, list.querySelector(":focus"));
  const seen = JSON.stringify([data.active, data.labels.find((label) => label.id === data.active)?.count]);
  if (seen !== s.seen && rows.has(data.active)) reveal(list, rows.get(data.active));
  s.seen = seen;

  const form = shelf.querySelector(".new");
  const field = form.querySelector(".new-name");
  form.hidden = !data.add;
  field.placeholder = data.add || "";
  field.maxLength = data.longest;
  field.disabled = data.busy;
  while (ADDED.length && ADDED[0].n <= data.done) {
    const { n, name } = ADDED.shift();
    if (data.refused.includes(n) && !field.value) field.value = name;  // to be corrected
  }
  const add = form.querySelector("button");
  const mayAdd = () => { add.disabled = data.busy || !field.value.trim(); };
  mayAdd();
  field.oninput = mayAdd;
  form.onsubmit = (e) => {
    e.preventDefault();
    const name = field.value;
    if (!name.trim()) return;
    if (add.matches(":focus-visible")) field.focus();  // a button that cannot be pressed loses it
    ADDED.push({ n: act({ do: "add", name }), name });
    field.value = "";
    mayAdd();
  };
}
