// What all Plotly charts of the Evaluate page share: colours by role, the layout they begin with.
// A custom property may say light-dark(…); only a used colour is resolved. A contrast theme puts its own
// in place of every colour that is used, but for here.
function used(root, name) {
  root.style.forcedColorAdjust = "none";
  root.style.color = `var(${name})`;
  const [r, g, b] = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
  root.style.color = root.style.forcedColorAdjust = "";
  return [r, g, b];
}

function palette(root) {
  const names = { own: "--odt-own", base: "--odt-quiet", soft: "--odt-base-soft", line: "--odt-line",
    card: "--odt-card", minus: "--odt-minus", text: "--st-text-color", quiet: "--odt-quiet" };
  return Object.fromEntries(Object.entries(names).map(([role, name]) => [role, used(root, name)]));
}

// "@own", "@own:20" at 20 %, "@own/soft:70" of which 70 % are mixed into @soft, and "@on own/soft:70"
// black or white, whichever is read better on that.
const ROLE = /^@(on )?(\w+)(?:\/(\w+))?(?::(\d+))?$/;

function painted(value, colours) {
  if (Array.isArray(value)) return value.map((one) => painted(one, colours));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, painted(one, colours)]));
  const [, on, role, under, percent = 100] = (typeof value === "string" && value.match(ROLE)) || [];
  if (!colours[role]) return value;
  const share = percent / 100;
  if (!under) return share < 1 ? `rgba(${colours[role]},${share})` : `rgb(${colours[role]})`;
  const mixed = colours[role].map((one, k) => Math.round(share * one + (1 - share) * colours[under][k]));
  return on ? ink(mixed) : `rgb(${mixed})`;
}

// One of the two has a contrast of 4.58 : 1 or more with any colour; WCAG asks for 4.5 : 1.
function ink(colour) {
  const [r, g, b] = colour.map((one) => one / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

function merged(under, over) {
  const both = { ...under };
  for (const [key, value] of Object.entries(over || {}))
    both[key] = value && typeof value === "object" && !Array.isArray(value)
      ? merged(under[key] || {}, value) : value;
  return both;
}

function layout(data, font) {
  const axis = { gridcolor: "@line", zeroline: false, linecolor: "@line", automargin: true,
    tickfont: { size: 13 }, title: { standoff: 8, font: { size: 13 } }, fixedrange: true };
  return merged({ height: data.beside == null ? data.height : undefined, margin: { l: 48, r: 12, t: 30, b: 40 },
    paper_bgcolor: "@card", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest", dragmode: false,
    font: { family: font, size: 14, color: "@text" }, xaxis: axis, yaxis: axis, xaxis2: axis, yaxis2: axis,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    hoverlabel: { bgcolor: "@card", bordercolor: "@line", font: { color: "@text" } } }, data.layout[0]);
}

function options(data) {
  return { responsive: true, displaylogo: false, showTips: false, displayModeBar: "hover",
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: { format: "png", scale: 3, filename: data.file } };
}
