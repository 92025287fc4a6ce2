// One script tag for the whole page, however many charts there are.
function plotly(src) {
  window.__odtPlotly ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = new URL(src, document.baseURI).href;
    tag.onload = () => resolve(window.Plotly);
    tag.onerror = () => {
      tag.remove();
      window.__odtPlotly = null;  // the next drawing asks again: the network may be back by then
      reject(new Error("Plotly's script did not load"));
    };
    document.head.append(tag);
  });
  return window.__odtPlotly;
}
