"""Contrast, hue and saturation of pictures [..., C], as augmentation changes them."""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.activation import step
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


@rule("AdjustContrastv2", since="0.2")
def contrast(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """(x − m) factor + m, m the mean of each image's channel, [..., H, W, C].

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/AdjustContrastv2
    """
    images, factor = inputs
    mean = b.mean(images, [images.rank - 3, images.rank - 2], keepdims=True)
    return [b.add(b.mul(b.sub(images, mean), factor), mean)]


@rule("RGBToHSV", since="0.2")
def to_hsv(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Red, green and blue to hue, saturation and value, all 0 to 1."""
    return [b.concat(_hsv(b, inputs[0]), inputs[0].rank - 1)]


@rule("HSVToRGB", since="0.2")
def to_rgb(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Hue, saturation and value to red, green and blue, all 0 to 1."""
    return [_rgb(b, *b.split(inputs[0], 3, -1))]


@rule("AdjustSaturation", since="0.2")
def saturation(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The saturation times a scale, at most 1.

    Source: tensorflow/core/kernels/image/adjust_saturation_op.cc
    """
    images, scale = inputs
    hue, strength, value = _hsv(b, images)
    return [_rgb(b, hue, _share(b, b.mul(strength, scale)), value)]


@rule("AdjustHue", since="0.2")
def hue(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The hue turned by a part of the circle.

    Source: tensorflow/core/kernels/image/adjust_hue_op.cc
    """
    images, delta = inputs
    angle, strength, value = _hsv(b, images)
    turned = b.add(angle, delta)
    return [_rgb(b, b.sub(turned, b.floor(turned)), strength, value)]


def _hsv(b: Builder, images: Tensor) -> list[Tensor]:
    """Hue, saturation and value [..., 1]: which channel is the largest as factors of 0 and 1, since
    XNNPACK refuses comparisons and SELECT.

    Source: tensorflow/core/kernels/image/colorspace_op.h (RGBToHSV)
    """
    red, green, blue = b.split(images, 3, -1)
    value = b.maximum(b.maximum(red, green), blue)
    spread = b.sub(value, b.minimum(b.minimum(red, green), blue))
    not_red = step(b, b.sub(value, red))
    is_blue = b.mul(not_red, step(b, b.sub(value, green)))
    is_green = b.sub(not_red, is_blue)
    apart = (
        b.mul(b.sub(green, blue), b.sub(1.0, not_red)),
        b.mul(b.sub(blue, red), is_green),
        b.mul(b.sub(red, green), is_blue),
    )
    share = b.mul(b.add(b.add(*apart[:2]), apart[2]), b.div(1 / 6, _or_one(b, spread)))
    angle = b.add(share, b.add(b.mul(is_green, 2 / 6), b.mul(is_blue, 4 / 6)))
    bright = step(b, value)
    strength = b.div(b.mul(spread, bright), _or_one(b, b.mul(value, bright)))
    return [b.add(angle, step(b, b.neg(angle))), strength, value]


def _or_one(b: Builder, x: Tensor) -> Tensor:
    """x, 0 or more, and 1 where it is 0: something to divide by."""
    return b.add(x, b.sub(1.0, step(b, x)))


def _rgb(b: Builder, angle: Tensor, strength: Tensor, value: Tensor) -> Tensor:
    """[..., 3] from hue, saturation and value [..., 1].

    Source: tensorflow/core/kernels/image/colorspace_op.h (HSVToRGB)
    """
    sixths = b.mul(angle, 6.0)
    red = _share(b, b.sub(b.abs(b.sub(sixths, 3.0)), 1.0))
    green, blue = (_share(b, b.sub(2.0, b.abs(b.sub(sixths, at)))) for at in (2.0, 4.0))
    pale = b.sub(1.0, strength)
    colours = [b.mul(b.add(pale, b.mul(strength, part)), value) for part in (red, green, blue)]
    return b.concat(colours, value.rank - 1)


def _share(b: Builder, x: Tensor) -> Tensor:
    return b.minimum(b.maximum(x, 0.0), 1.0)
