import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from odt_core.bundled import ASSETS
from odt_core.errors import LabelError, SampleError
from odt_core.samples import Labels, Preprocessing, RawSamples, prepare, read_samples

INK = Preprocessing("ink", (28, 28, 1))


def seven(side: int, width: float, *, ink: int = 0, paper: int = 255) -> np.ndarray:
    """A drawn 7, uint8 [side, side], strokes of `width` pixels."""
    image = Image.new("L", (side, side), paper)
    points = [(side * a, side * b) for a, b in ((0.3, 0.25), (0.7, 0.25), (0.45, 0.8))]
    ImageDraw.Draw(image).line(points, fill=ink, width=round(width), joint="curve")
    return np.asarray(image)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference relative to the mean ink of a."""
    return float(np.abs(a - b).sum() / a.sum())


class TestInk:
    reference = INK.apply(seven(280, 26))

    def test_output_is_centred_and_twenty_pixels_tall(self):
        rows = np.flatnonzero((self.reference[..., 0] > 0.5).any(axis=1))
        assert rows[-1] - rows[0] + 1 == pytest.approx(20, abs=1)
        grid = np.arange(28)
        mass = self.reference[..., 0]
        assert float((mass.sum(0) * grid).sum() / mass.sum()) == pytest.approx(13.5, abs=0.3)
        assert float((mass.sum(1) * grid).sum() / mass.sum()) == pytest.approx(13.5, abs=0.3)

    def test_white_on_black_gives_the_same(self):
        other = INK.apply(seven(280, 26, ink=255, paper=0))
        assert distance(self.reference, other) < 0.02

    @pytest.mark.parametrize("width", [4, 14, 44])
    def test_another_stroke_width_gives_nearly_the_same(self, width):
        assert distance(self.reference, INK.apply(seven(280, width))) < 0.35

    def test_a_corner_of_a_big_canvas_gives_the_same(self):
        canvas = np.full((1500, 1500), 255, np.uint8)
        canvas[1100:1380, 40:320] = seven(280, 26)
        assert distance(self.reference, INK.apply(canvas)) < 0.25

    def test_a_tiny_drawing_on_a_big_canvas_keeps_its_shape(self):
        canvas = np.full((2000, 3000), 255, np.uint8)
        canvas[1800:1860, 2900:2960] = seven(60, 6)
        assert distance(self.reference, INK.apply(canvas)) < 0.25

    @pytest.mark.parametrize("ink", [0, 255])
    def test_transparent_paper_with_dark_or_bright_ink_gives_the_same(self, ink):
        strength = 255 - seven(280, 26)
        colour = np.full((280, 280, 3), ink, np.uint8)
        picture = np.concatenate([colour, strength[..., None]], axis=-1)
        assert distance(self.reference, INK.apply(picture)) < 0.02

    def test_photographed_paper_in_uneven_light_gives_nearly_the_same(self):
        y, x = np.mgrid[0:280, 0:280] / 280
        light = 120 + 110 * x - 30 * y
        noise = np.random.default_rng(0).normal(0, 4, (280, 280))
        ink = 1 - seven(280, 26) / 255
        photo = np.clip(light * (1 - 0.7 * ink) + noise, 0, 255).astype(np.uint8)
        assert distance(self.reference, INK.apply(photo)) < 0.15

    def test_red_ink_on_white_paper_gives_the_same(self):
        grey = seven(280, 26)
        picture = np.stack([np.full_like(grey, 255), grey, grey], axis=-1)
        assert distance(self.reference, INK.apply(picture)) < 0.05

    def test_coarse_pixels_give_nearly_the_same(self):
        small = np.asarray(Image.fromarray(seven(280, 26)).resize((16, 16), Image.Resampling.BOX))
        assert distance(self.reference, INK.apply(small)) < 0.5

    def test_doing_it_twice_changes_little(self):
        again = INK.apply((self.reference[..., 0] * 255).round().astype(np.uint8))
        assert distance(self.reference, again) < 0.15

    def test_mnist_digits_keep_their_shape(self):
        with np.load(ASSETS / "data" / "base_test.npz") as arrays:
            pictures = arrays["x"][:50]
        ours = np.stack([INK.apply(picture)[..., 0] for picture in pictures])
        theirs = pictures / 255
        overlap = [
            np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(ours, theirs, strict=True)
        ]
        assert np.median(overlap) > 0.8

    @pytest.mark.parametrize("shade", [0, 128, 255])
    def test_empty_paper_gives_zeros(self, shade):
        assert not INK.apply(np.full((50, 60), shade, np.uint8)).any()

    @pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3)])
    def test_tiny_pictures_are_finite(self, shape):
        picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        assert np.isfinite(INK.apply(picture)).all()


class TestImage:
    def test_picture_is_cropped_to_the_inputs_aspect_and_scaled(self):
        picture = np.zeros((10, 30, 3), np.uint8)
        picture[:, 10:20] = (255, 0, 51)
        out = Preprocessing("image", (5, 5, 3), scale=1 / 255).apply(picture)
        assert out.shape == (5, 5, 3)
        assert out[2, 2].tolist() == pytest.approx([1.0, 0.0, 0.2])

    def test_picture_whose_aspect_fits_but_for_rounding_is_taken(self):
        out = Preprocessing("image", (224, 224)).apply(np.full((29, 29), 7, np.uint8))
        assert (out == 7).all()

    def test_transparent_parts_become_white(self):
        out = Preprocessing("image", (4, 4)).apply(np.zeros((8, 8, 4), np.uint8))
        assert out.tolist() == [[255.0] * 4] * 4

    def test_offset_comes_after_scale(self):
        out = Preprocessing("image", (2, 2), scale=2 / 255, offset=-1).apply(
            np.full((4, 4), 255, np.uint8)
        )
        assert out.tolist() == [[1.0, 1.0], [1.0, 1.0]]


class TestApply:
    def test_float_in_the_input_shape_passes_through(self):
        item = np.random.default_rng(0).random((28, 28, 1)).astype(np.float32)
        assert np.array_equal(INK.apply(item), item)

    def test_float_of_another_shape_raises(self):
        with pytest.raises(SampleError, match=r"shape \[27, 28\]; the model takes \[28, 28, 1\]"):
            INK.apply(np.zeros((27, 28), np.float32))

    def test_nan_raises(self):
        with pytest.raises(SampleError, match="NaN"):
            INK.apply(np.full((28, 28, 1), np.nan, np.float32))

    def test_picture_for_a_model_of_numbers_raises(self):
        with pytest.raises(SampleError, match="takes numbers of shape"):
            Preprocessing("none", (4,)).apply(np.zeros((4, 4), np.uint8))

    def test_picture_for_a_model_with_channels_first_says_so(self):
        said = r"\[3, 16, 16\], not pictures: channels come first there, .* Give an .npz with x"
        with pytest.raises(SampleError, match=said):
            Preprocessing("none", (3, 16, 16)).apply(np.zeros((16, 16, 3), np.uint8))

    def test_whole_numbers_in_the_shape_of_a_model_of_numbers_are_taken(self):
        item = np.arange(12, dtype=np.uint8).reshape(6, 2)
        taken = Preprocessing("none", (6, 2)).apply(item)
        assert (taken.dtype, taken.tolist()) == (np.float32, item.tolist())

    def test_json_round_trip(self):
        assert Preprocessing.from_json(INK.to_json()) == INK

    def test_unknown_kind_raises(self):
        with pytest.raises(SampleError, match="Unknown preprocessing 'magic'"):
            Preprocessing("magic", (28, 28))


class TestPrepare:
    def test_new_labels_take_free_outputs(self):
        raw = RawSamples((seven(60, 6),) * 2, ("7", "heart"), ("a", "b"))
        samples = prepare(raw, INK, Labels(("7", None)))
        assert samples.x.shape == (2, 28, 28, 1)
        assert samples.y.tolist() == [0, 1]
        assert samples.labels.names == ("7", "heart")

    def test_bad_item_raises_with_its_name(self):
        raw = RawSamples((np.zeros((3, 3), np.float32),), ("7",), ("mine.npz, sample 1",))
        with pytest.raises(SampleError, match=r"mine\.npz, sample 1: "):
            prepare(raw, INK, Labels(("7",)))

    def test_too_many_labels_raise(self):
        raw = RawSamples((seven(60, 6),), ("heart",), ("a",))
        with pytest.raises(LabelError, match="none left for 'heart'"):
            prepare(raw, INK, Labels(("7",)))


class TestPixelsThatAreNoBytes:
    PIXELS = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
    SIGNED = Preprocessing("image", (8, 8, 3), scale=2 / 255, offset=-1)
    IMAGE = Preprocessing("image", (8, 8, 3), scale=1 / 255)

    def ready(self, preprocessing, *items):
        count = len(items)
        raw = RawSamples(tuple(items), ("0",) * count, tuple(map(str, range(count))))
        return prepare(raw, preprocessing, Labels(("0",))).x

    @pytest.mark.parametrize("preprocessing", [SIGNED, IMAGE])
    def test_whole_numbers_up_to_255_are_scaled_as_bytes_are(self, preprocessing):
        (picture,) = self.PIXELS
        (expected,) = self.ready(preprocessing, picture)
        for pixels in (picture, picture.reshape(-1), picture.transpose(2, 0, 1)):
            (found,) = self.ready(preprocessing, pixels.astype(np.float32))
            assert np.array_equal(found, expected)

    def test_row_of_a_drawing_is_redrawn_as_its_bytes_are(self):
        drawing = seven(28, 4)
        row = drawing.reshape(-1).astype(np.float32)
        assert np.array_equal(self.ready(INK, row), self.ready(INK, drawing))

    def test_all_samples_together_tell_it(self):
        dark = np.ones((8, 8, 3), np.float32)
        bright = np.full((8, 8, 3), 255, np.float32)
        assert self.ready(self.IMAGE, dark).max() == 1
        assert self.ready(self.IMAGE, dark, bright)[0].max() == np.float32(1 / 255)

    @pytest.mark.parametrize(("bits", "white"), [(12, 4_095), (16, 65_535)])
    @pytest.mark.parametrize("saved", [np.uint16, np.int64])
    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 1, 2)])
    def test_array_of_more_bits_is_read_as_a_png_of_as_many(self, bits, white, saved, order):
        pictures = np.zeros((2, 8, 8, 3))
        pictures[1] = 0.2
        pictures[1, 0] = 1
        deep = (pictures * white).round().astype(saved).transpose(order)
        stream = io.BytesIO()
        np.savez(stream, x=deep, y=np.zeros(2, int))
        raw = read_samples(stream.getvalue(), "deep.npz")
        ready = prepare(raw, self.IMAGE, Labels(("0",))).x
        assert np.allclose(ready, pictures, atol=1 / 255)
        numbers = Preprocessing("none", deep.shape[1:])
        assert np.array_equal(prepare(raw, numbers, Labels(("0",))).x, deep)

    @pytest.mark.parametrize("odd", [-1, 256, 0.5])
    def test_other_numbers_stay(self, odd):
        pixels = np.full((8, 8, 3), 200, np.float32)
        pixels[0, 0, 0] = odd
        assert np.array_equal(self.ready(self.IMAGE, pixels)[0], pixels)

    def test_model_of_0_to_255_and_one_of_numbers_take_them_as_they_are(self):
        (pixels,) = self.PIXELS.astype(np.float32)
        for same in (Preprocessing("image", (8, 8, 3)), Preprocessing("none", (8, 8, 3))):
            assert np.array_equal(self.ready(same, pixels)[0], pixels)

    def test_pixels_of_another_size_are_shrunk_as_bytes_are(self):
        large = np.full((16, 16, 3), 51, np.float32)
        assert np.allclose(self.ready(self.IMAGE, large), 0.2)


class TestByHand:
    GREY = np.array([[0, 51], [102, 255]], np.uint8)

    def test_inverted_picture_turns_dark_and_bright_round(self):
        ready = Preprocessing("image", (2, 2), scale=1 / 255, invert=True).apply(self.GREY)
        assert np.allclose(ready, [[1.0, 0.8], [0.6, 0.0]])

    def test_mean_and_std_go_to_their_channels(self):
        white = np.full((2, 2, 3), 255, np.uint8)
        imagenet = Preprocessing(
            "image",
            (2, 2, 3),
            scale=1 / 255,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
        )
        assert np.allclose(imagenet.apply(white)[0, 0], [2.2489, 2.4286, 2.64], atol=1e-4)

    def test_flat_input_takes_a_picture_row_by_row(self):
        flat = Preprocessing("image", (4,), picture=(2, 2)).apply(self.GREY)
        assert flat.tolist() == [0, 51, 102, 255]

    def test_json_round_trip_keeps_everything(self):
        one = Preprocessing(
            "image", (12,), invert=True, mean=(0.5,), std=(0.25,), picture=(2, 2, 3)
        )
        assert Preprocessing.from_json(one.to_json()) == one

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"mean": (0.1, 0.2)}, "The mean has 2 values"),
            ({"std": (0.0,)}, "above 0"),
            ({"scale": float("inf")}, "finite"),
            ({"picture": (3, 3)}, "has 9 values; the model takes 12"),
        ],
    )
    def test_what_cannot_be_is_refused(self, fields, said):
        with pytest.raises(SampleError, match=said):
            Preprocessing("image", (2, 2, 3), **fields)
