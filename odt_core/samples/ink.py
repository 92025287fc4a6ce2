"""From any picture of one drawn symbol to a clean, centred, evenly thick drawing: ink 1, paper 0.

Scanners, pens and screens differ in polarity, paper, size, position and stroke width far more than
people do. What is left after this file is the person's own way of writing.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

_WORK = 4  # working pixels per output pixel: strokes are measured and redrawn at this resolution
_LONG_SIDE = 192  # larger pictures are averaged down to about this first
_PHOTO_SIDE = 48  # from here on paper may be unevenly lit; below, it is a scan cut to size


def normalise_ink(
    image: np.ndarray,
    size: int,
    *,
    extent: float,
    stroke: float,
    slant: float,
) -> np.ndarray:
    """Redraw the symbol in `image`, its longer side `extent`, its centre of mass in the middle.

    image: uint8 [H, W], [H, W, 3] or [H, W, 4]; any polarity, transparent or photographed paper.
    extent, stroke: the symbol's longer side and its stroke width as shares of the output's side;
    the width as far as that is sensible.
    slant: share of the measured slant that is taken out, 0..1.
    Returns float32 [size, size] in 0..1; all zeros when there is nothing on the paper.
    """
    field = ink_field(image)
    if not field.any():
        return np.zeros((size, size), np.float32)
    side = size * _WORK
    drawing = _redraw(field, side, extent)
    if drawing is None:
        return np.zeros((size, size), np.float32)
    if slant:
        drawing = _unslant(drawing, slant)
    drawing = _even_stroke(drawing, stroke * side)
    return _place(drawing, size, extent)


def ink_field(image: np.ndarray) -> np.ndarray:
    """How much ink is on each pixel, float32 [H, W] in 0..1, the darkest ink near 1.

    image: uint8 [H, W], [H, W, 3] or [H, W, 4].
    """
    grey = _grey(image)
    field = _field(_reduced(grey))
    box = _bounds(field, 0.35)
    if box is None or field.shape == grey.shape:
        return field
    # A small drawing on a large sheet: look again at its part of the sheet, in finer pixels.
    step = grey.shape[0] / field.shape[0]
    margin = 0.5 * max(box[1] - box[0], box[3] - box[2]) + 2
    top, left = (max(0, int((edge - margin) * step)) for edge in (box[0], box[2]))
    bottom, right = (int((edge + margin) * step) + 1 for edge in (box[1], box[3]))
    if max(bottom - top, right - left) > 0.7 * max(grey.shape):
        return field
    return _field(_reduced(grey[top:bottom, left:right]))


def _field(grey: np.ndarray) -> np.ndarray:
    """Ink from luminance, float32 [H, W] in 0..255 -> float32 [H, W] in 0..1."""
    low, high = np.percentile(grey, (0.02, 99.98)) if grey.size > 4096 else (grey.min(), grey.max())
    if high - low < 8:  # nothing but paper
        return np.zeros(grey.shape, np.float32)
    field = np.asarray(grey - low if _is_dark(grey) else high - grey, np.float32)
    if min(grey.shape) >= _PHOTO_SIDE:
        field = _flatten(field)
    field = np.maximum(field, 0)
    peak = float(np.percentile(field[field > 0.3 * field.max()], 80)) if field.any() else 0.0
    if peak < 8:
        return np.zeros(grey.shape, np.float32)
    return np.minimum(field / peak, 1).astype(np.float32)


def _grey(image: np.ndarray) -> np.ndarray:
    """Luminance, float32 [H, W] in 0..255; transparent parts become paper of the other polarity."""
    if image.ndim == 2:
        return image.astype(np.float32)
    colour = image[..., :3].astype(np.float32)
    grey = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    spreads = np.ptp(colour.reshape(-1, 3), axis=0)
    if image.shape[2] == 3 and np.ptp(grey) < 0.5 * spreads.max():  # e.g. red ink: one channel
        grey = colour[..., int(spreads.argmax())]
    if image.shape[2] == 4:
        alpha = image[..., 3].astype(np.float32) / 255
        if alpha.min() < 1:
            mean = float((grey * alpha).sum() / max(float(alpha.sum()), 1e-6))
            paper = 255.0 if mean < 128 else 0.0
            grey = np.asarray(grey * alpha + paper * (1 - alpha), np.float32)
    return grey


def _reduced(grey: np.ndarray) -> np.ndarray:
    """The picture averaged down by a whole factor until its longer side is about _LONG_SIDE."""
    factor = max(grey.shape) // _LONG_SIDE
    return np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey


def _is_dark(grey: np.ndarray) -> bool:
    """Whether the paper is dark (ink is bright): what most pixels, the outer ones twice, are."""
    level = _otsu(grey)
    ring = max(1, min(grey.shape) // 24)
    inner = grey[ring:-ring, ring:-ring]
    bright_inner = float((inner > level).mean()) if inner.size else 0.0
    outer = np.concatenate(
        [grey[:ring].ravel(), grey[-ring:].ravel(), grey[:, :ring].ravel(), grey[:, -ring:].ravel()]
    )
    bright_outer = float((outer > level).mean())
    return 0.5 * (bright_inner + bright_outer) < 0.5


def _otsu(values: np.ndarray) -> float:
    """Otsu's threshold (1979): the level that separates two classes of values best."""
    counts, edges = _histogram(values)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    moment = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = moment / below - (moment[-1] - moment) / above
        between = np.where((below > 0) & (above > 0), below * above * gap**2, -1)
    best = int(between.argmax())
    return float(edges[best + 1])


def _histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(counts [64], edges [65]) as np.histogram(values, 64) has them, in half of its time.

    values: float32, at least one. Most of a drawing is its lowest value, the paper: that is counted
    at once, since it is the lower edge of the first bin.
    """
    low, high = values.min(), values.max()
    others = values[values > low]
    counts, edges = np.histogram(others, 64, range=(low, high))
    counts[0 if low < high else 32] += values.size - others.size
    return counts, edges


def _flatten(field: np.ndarray) -> np.ndarray:
    """Take out uneven light: paper is the median of large blocks; what is paper-like becomes 0."""
    height, width = field.shape
    blocks = 6
    rows = np.linspace(0, height, blocks + 1).astype(int)
    columns = np.linspace(0, width, blocks + 1).astype(int)
    paper = _percentiles(field, rows, columns, 30)
    # A block that is mostly ink must not count as paper: never above the darker half's usual level.
    paper = np.minimum(paper, 2.0 * np.median(paper) + 8)
    smooth = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    rest = field - smooth
    noise = float(np.median(np.abs(rest)))
    level = max(_otsu(np.maximum(rest, 0)), 4 * noise)
    # Below half the threshold it is paper; a soft ramp keeps edges smooth.
    return np.where(rest > 0.5 * level, rest, 0.0)


def _percentiles(field: np.ndarray, rows: np.ndarray, columns: np.ndarray, q: float) -> np.ndarray:
    """The q-th percentile of each block between neighbouring edges, float32 [blocks, blocks].

    Blocks of equal size go through numpy together: calls for each took a fifth of all the time.
    """
    heights, widths = np.diff(rows), np.diff(columns)
    found = np.empty((len(heights), len(widths)), np.float32)
    for height in set(heights.tolist()):
        for width in set(widths.tolist()):
            of_height, of_width = np.flatnonzero(heights == height), np.flatnonzero(widths == width)
            down = rows[of_height][:, None] + np.arange(height)
            across = columns[of_width][:, None] + np.arange(width)
            blocks = field[down[:, None, :, None], across[None, :, None, :]]
            blocks = blocks.reshape(len(of_height) * len(of_width), -1)
            values, high = blocks.min(axis=1), blocks.max(axis=1)
            mixed = values < high  # the others, mere paper of a drawing, are one value throughout
            if mixed.any():
                values[mixed] = np.percentile(blocks[mixed], q, axis=1)
            found[np.ix_(of_height, of_width)] = values.reshape(len(of_height), len(of_width))
    return found


def _redraw(field: np.ndarray, side: int, extent: float) -> np.ndarray | None:
    """The symbol with smooth edges, float32 [side, side] in 0..1, longer side = extent."""
    pad = max(field.shape)
    padded = _padded(field, pad)
    box = _bounds(field, 0.35)
    if box is None:
        return None
    top, bottom, left, right = (v + pad for v in box)
    for _ in range(2):  # the first pass finds the true outline between coarse pixels
        reach = max(bottom - top, right - left, 1e-3) / extent / 2
        y, x = (top + bottom) / 2, (left + right) / 2
        region = (x - reach, y - reach, x + reach, y + reach)
        region = tuple(
            min(max(v, 0.0), limit)
            for v, limit in zip(
                region, (padded.width, padded.height, padded.width, padded.height), strict=True
            )
        )
        drawing = np.asarray(
            padded.resize((side, side), Image.Resampling.BICUBIC, box=region), np.float32
        )
        found = _bounds(drawing, 0.45)
        if found is None:
            break
        step = 2 * reach / side
        top, bottom = y - reach + found[0] * step, y - reach + found[1] * step
        left, right = x - reach + found[2] * step, x - reach + found[3] * step
    peak = float(np.percentile(drawing[drawing > 0.3], 75)) if (drawing > 0.3).any() else 1.0
    return _edge(drawing / peak, 0.45, 0.35)


def _padded(field: np.ndarray, pad: int) -> Image.Image:
    """With `pad` empty pixels on each side; Pillow does it in a third of the time of np.pad."""
    height, width = field.shape
    return Image.fromarray(field).crop((-pad, -pad, width + pad, height + pad))


def _bounds(field: np.ndarray, level: float) -> tuple[float, float, float, float] | None:
    """(top, bottom, left, right) of what is above `level`, in pixels; None when nothing is."""
    mask = field > level
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(rows[0]), float(rows[-1] + 1), float(columns[0]), float(columns[-1] + 1)


def _edge(field: np.ndarray, level: float, softness: float) -> np.ndarray:
    """A soft threshold: 0 below level − softness/2, 1 above level + softness/2."""
    return np.clip((field - level) / softness + 0.5, 0, 1).astype(np.float32)


def _unslant(drawing: np.ndarray, share: float) -> np.ndarray:
    """Shear so that the principal vertical direction stands upright (second moments)."""
    side = len(drawing)
    grid = np.arange(side, dtype=np.float32)
    mass = float(drawing.sum())
    y = float((drawing.sum(1) * grid).sum() / mass)
    x = float((drawing.sum(0) * grid).sum() / mass)
    spread = float((drawing.sum(1) * (grid - y) ** 2).sum())
    mixed = float((drawing * np.outer(grid - y, grid - x)).sum())
    shear = float(np.clip(share * mixed / max(spread, 1e-6), -0.6, 0.6))
    moved = Image.fromarray(drawing).transform(
        (side, side),
        Image.Transform.AFFINE,
        (1, shear, -shear * y, 0, 1, 0),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(moved, np.float32)


def _even_stroke(drawing: np.ndarray, target: float) -> np.ndarray:
    """Bring the mean stroke width to `target` pixels: blur, then cut where the new edge should be.

    A long stroke of width w, blurred by a Gaussian of deviation s, has at distance d from its
    middle the value Φ((w/2 + d)/s) − Φ((d − w/2)/s): cutting at d = target/2 gives the new width.
    """
    area = float(drawing.sum())
    gy, gx = np.gradient(drawing)
    outline = float(np.hypot(gx, gy).sum())  # total variation of a mask is its perimeter
    if area < 1 or outline < 1:
        return drawing
    width = 2 * area / outline
    wanted = width * float(np.clip(target / width, 0.5, 8.0))
    sigma = max(0.6 * abs(wanted - width), 0.15 * target)
    level = _phi((width + wanted) / 2 / sigma) - _phi((wanted - width) / 2 / sigma)
    blurred = _blur(drawing, sigma)
    # The slope at the cut gives an edge of about one output pixel.
    slope = abs(_density((width + wanted) / 2 / sigma) - _density((wanted - width) / 2 / sigma))
    return _edge(blurred, level, max(2.0 * slope / sigma, 1e-3))


def _phi(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


def _density(value: float) -> float:
    return math.exp(-value * value / 2) / math.sqrt(2 * math.pi)


def _blur(drawing: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur with zeros outside, rows then columns.

    Shifted sums rather than a matrix product: a product this small wakes all of BLAS's threads,
    which takes seven times as long as soon as the machine has anything else to do.
    """
    reach = min(len(drawing) - 1, math.ceil(5 * sigma))
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    weights = np.exp(-(offsets**2) / (2 * sigma * sigma)) / (sigma * math.sqrt(2 * math.pi))
    for _ in range(2):
        padded = np.pad(drawing, ((reach, reach), (0, 0)))
        blurred = np.zeros_like(drawing)
        for k, weight in enumerate(weights):
            blurred += weight * padded[k : k + len(drawing)]
        drawing = np.ascontiguousarray(blurred.T)
    return drawing


def _place(drawing: np.ndarray, size: int, extent: float) -> np.ndarray:
    """Scale to the output with the longer side = extent and the centre of mass in the middle."""
    box = _bounds(drawing, 0.5)
    mass = float(drawing.sum())
    if box is None or mass < 1:
        return np.zeros((size, size), np.float32)
    grid = np.arange(len(drawing)) + 0.5
    y = float((drawing.sum(1) * grid).sum()) / mass
    x = float((drawing.sum(0) * grid).sum()) / mass
    pad = len(drawing)
    reach = max(box[1] - box[0], box[3] - box[2]) / extent / 2
    region = (x - reach + pad, y - reach + pad, x + reach + pad, y + reach + pad)
    out = _padded(drawing, pad).resize((size, size), Image.Resampling.BOX, box=region)
    return np.clip(np.asarray(out, np.float32), 0, 1)
