// Base model and your model side by side on the same input. Elements are kept between reruns, so
// the bars move instead of jumping; labels come from people and only ever enter as text.
const MOST = 8;  // figures that the room for labels is wide

function make(tag, name) { return Object.assign(document.createElement(tag), { className: name }); }

function build(side) {
  const box = make("section", "side");
  const top = make("div", "top");
  top.append(Object.assign(make("span", "answer"), { dir: "auto" }), make("span", "sure"));
  box.append(make("h3", "title"), top, make("div", "bars"));
  side.append(box);
  return box;
}

function bar() {
  const line = make("div", "bar");
  const track = make("span", "track");
  track.append(make("div", "fill"));
  const label = Object.assign(make("span", "label"), { dir: "auto" });
  label.append(make("span"), make("span"));
  line.append(label, track, make("span", "share"));
  return line;
}

function name(part, label) {
  const all = [...label];
  const cut = widthOf(label) > MOST && mayBeCut(label) ? all.length - 3 : all.length;
  part.title = label;
  part.firstChild.textContent = all.slice(0, cut).join("");
  part.lastChild.textContent = all.slice(cut).join("");
}

function percent(share) { return (100 * share).toFixed(1) + "%"; }

function mark(track, name, at) {
  let line = track.querySelector("." + name);
  if (!line && at != null) track.append((line = make("span", name)));
  if (line) line.hidden = at == null;
  if (at != null) line.style.left = percent(at);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".answers");
  const sides = root.querySelector(".sides");
  root.classList.toggle("idle", data.idle);
  root.classList.toggle("numbers", Boolean(data.numbers));
  const longest = Math.max(1, ...data.sides.flatMap((side) => side.bars.map(([label]) => widthOf(label))));
  root.style.setProperty("--label", Math.min(longest, MOST) + 0.4 + "ch");
  data.sides.forEach((side, i) => {
    const box = sides.children[i] ?? build(sides);
    const part = (which) => box.querySelector("." + which);
    box.className = "side " + side.role + (side.unsure ? " unsure" : "");
    box.setAttribute("aria-label", side.title);
    part("title").textContent = side.title;
    part("answer").textContent = part("answer").title = side.answer;
    part("answer").classList.toggle("long", widthOf(side.answer) > 4);
    part("sure").textContent = side.sure;
    const bars = part("bars");
    while (bars.children.length > side.bars.length) bars.lastChild.remove();
    while (bars.children.length < side.bars.length) bars.append(bar());
    side.bars.forEach(([label, share, said, from = 0, zero = 0, target = null], k) => {
      const [part, track, number] = bars.children[k].children;
      name(part, label);
      track.firstChild.style.width = percent(share);
      track.firstChild.style.marginLeft = percent(from);
      mark(track, "zero", zero || null);  // at the very left the track itself begins there
      mark(track, "target", target);
      number.textContent = number.title = said;
    });
  });
  const summary = root.querySelector(".summary");
  summary.setAttribute("aria-live", data.live ? "off" : "polite");  // nobody can listen that fast
  if (summary.textContent !== data.summary) summary.textContent = data.summary;
  summary.classList.toggle("changed", data.changed);
}
