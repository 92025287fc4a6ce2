"""How fast this machine is at this moment: a fixed piece of work, of the dashboard's kinds.

Half of it is Python (parsing, dictionaries, small arrays), as in the server; half is a browser's
(script, layout of a few hundred elements, a canvas). A time divided by it says how slow the
dashboard is, not how slow the machine is.
"""

from __future__ import annotations

import json
import statistics
import time

import numpy as np
from playwright.sync_api import Page

_TIMES = 5
_BROWSER = """() => {
  const from = performance.now();
  const place = document.body.appendChild(document.createElement("div"));
  for (let turn = 0; turn < 6; turn++) {
    place.innerHTML = Array.from({ length: 400 }, (_, k) =>
      `<p style="width:${50 + (k * 7 + turn) % 50}%"><b>${k}</b> some words of text</p>`).join("");
    for (const one of place.children) one.dataset.width = one.firstChild.offsetWidth;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 280;
  const pen = canvas.getContext("2d");
  for (let k = 0; k < 20; k++) { pen.lineTo((k * 37) % 280, (k * 91) % 280); pen.stroke();
    canvas.toDataURL("image/png"); }
  let sum = 0;
  for (let k = 0; k < 3e6; k++) sum = (sum * 31 + k) % 1000003;
  place.remove();
  return (performance.now() - from) / 1000 + 0 * sum;
}"""


def calibrate(page: Page) -> float:
    """Seconds for the fixed piece of work, the median of a few; page: any page, of this browser."""
    return statistics.median(_server_work() + page.evaluate(_BROWSER) for _ in range(_TIMES))


def _server_work() -> float:
    began = time.perf_counter()
    rows = [{"name": f"sample {k}", "at": k * 0.5, "tags": [k, k + 1]} for k in range(400)]
    for _ in range(12):
        rows = sorted(json.loads(json.dumps(rows)), key=lambda row: -row["at"])
    x = np.linspace(-1, 1, 64 * 784, dtype=np.float32).reshape(64, 784)
    weights = np.ones((784, 64), np.float32)
    for _ in range(60):
        np.exp(x @ weights * 1e-3)
    return time.perf_counter() - began
