"""Masks: which picture is whose, what its values mean, and that it covers its photograph."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples import (
    Form,
    Labels,
    Preprocessing,
    RawSamples,
    decode_files,
    prepare,
    read_samples,
    targets_of,
)
from odt_core.samples.image import decode_mask
from odt_core.samples.masks import in_two_colours, targets_among
from tests.sample_files import png, zipped

SHAPE = (4, 4, 1)


def raw_of(*masks: np.ndarray) -> RawSamples:
    count = len(masks)
    items = (np.zeros((4, 4), np.uint8),) * count
    return RawSamples(items, ("",) * count, tuple(f"s{k}" for k in range(count)), masks)


def target_of(mask: np.ndarray, shape: tuple[int, ...], scores_each: int = 0) -> np.ndarray:
    return targets_of(raw_of(mask), shape, scores_each)[0]


PHOTO = png(np.full((8, 8, 3), 90, np.uint8))
LEFT = np.repeat([[255] * 4 + [0] * 4], 8, axis=0).astype(np.uint8)  # the left half is white


class TestWhoseMask:
    @pytest.mark.parametrize(
        ("photo", "mask"),
        [
            ("images/a.jpg", "masks/a.png"),
            ("data/train/images/a.jpg", "data/train/masks/a.png"),
            ("images/a.jpg", "annotations/a_mask.png"),
            ("set/a.jpg", "set/a_mask.gif"),
            ("a.jpg", "a-mask.png"),
            ("set/a.jpg", "set/a.target.png"),
            ("images/a.jpg", "annotations/trimaps/a.png"),
            ("VOC/JPEGImages/a.jpg", "VOC/SegmentationClass/a.png"),
            ("ADE/images/training/a.jpg", "ADE/annotations/training/a.png"),
            ("segmentation/images/a.jpg", "segmentation/masks/a.png"),
            ("images/a.jpg", "masks/images/a.png"),
            ("rgb/a.jpg", "segmentation/rgb/a.png"),
            ("Face Mask/images/a.jpg", "Face Mask/labels/a.png"),
            ("annotations/images/a.jpg", "annotations/trimaps/a.png"),
        ],
    )
    def test_names_that_data_sets_use_are_known(self, photo, mask):
        assert targets_among([photo, "images/b.jpg", mask], True) == {mask: photo[:-4]}

    def test_two_masks_of_one_photograph_are_told(self):
        files = ["images/a.jpg", "masks/a.png", "annotations/a.png"]
        with pytest.raises(SampleError, match=r"'images/a' has two targets, masks/a.png and anno"):
            targets_among(files, True)

    def test_folder_of_another_set_gives_no_mask(self):
        files = ["train/images/a.jpg", "test/masks/a.png", "test/images/b.jpg"]
        assert targets_among(files, True) == {}

    def test_label_called_masks_stays_one_where_labels_are_learnt(self):
        raw = read_samples(zipped({"bare/a.png": PHOTO, "masks/a.png": PHOTO}), "faces.zip")
        assert sorted(raw.labels) == ["bare", "masks"]
        assert raw.targets == ()

    @pytest.mark.parametrize("folder", ["images", "masks"])
    def test_samples_without_a_mask_say_which(self, folder):
        files = {"images/a.png": PHOTO, "masks/a.png": png(LEFT), f"{folder}/lone.png": PHOTO}
        raw = read_samples(zipped(files), "set.zip", target_shape=SHAPE)
        with pytest.raises(SampleError, match=rf"{folder}/lone.png has no target.*masks/NAME.png"):
            prepare(raw, Preprocessing("image", (4, 4, 3)), Labels(()), SHAPE)


class TestNumbersOfClasses:
    """Of a model that has K scores for each number."""

    def test_pixels_of_no_class_stay_such(self):
        mask = np.array([[0, 1], [2, 255]], np.uint8)
        assert target_of(mask, (2, 2, 1), scores_each=3).reshape(2, 2).tolist() == [
            [0, 1],
            [2, 255],
        ]
        assert target_of(mask, (2, 2), scores_each=3)[1, 1] == 255

    @pytest.mark.parametrize(("shape", "each"), [((2, 2, 1), 40), ((2, 2, 40), 0)])
    def test_as_many_classes_as_the_model_has_are_no_shades(self, shape, each):
        target = target_of(np.array([[0, 34], [33, 2]], np.uint8), shape, each)
        told = target.argmax(axis=-1) if each == 0 else target.reshape(2, 2)
        assert told.tolist() == [[0, 34], [33, 2]]

    def test_class_that_the_model_has_not_is_named(self):
        with pytest.raises(SampleError, match="has class 3; this model tells 3 apart, 0 to 2"):
            target_of(np.array([[0, 3], [1, 2]], np.uint8), (2, 2), scores_each=3)

    def test_shades_are_no_numbers(self):
        with pytest.raises(SampleError, match="has shades; this model tells 3 classes apart"):
            target_of(np.array([[0, 120], [130, 90]], np.uint8), (2, 2), scores_each=3)


class TestWhatAMaskMeans:
    def test_photograph_and_mask_are_cut_alike(self):
        """Wide pictures of which only the centre is seen."""
        photo = np.zeros((8, 16, 3), np.uint8)
        photo[:, 8:] = 255
        mask = photo[..., 0]
        raw = read_samples(
            zipped({"images/a.png": png(photo), "masks/a.png": png(mask)}),
            "set.zip",
            target_shape=SHAPE,
        )
        samples = prepare(raw, Preprocessing("image", (4, 4, 3), scale=1 / 255), Labels(()), SHAPE)
        assert np.array_equal(samples.x[0, ..., :1] > 0.5, samples.y[0] > 0.5)
        assert set(np.unique(samples.y)) == {0, 1}

    def test_mask_saved_smaller_covers_its_photograph(self):
        photo = np.zeros((8, 16), np.uint8)
        photo[:, 8:] = 255
        small = np.repeat([[0] * 4 + [255] * 4], 4, axis=0).astype(np.uint8)
        raw = RawSamples((photo,), ("",), ("wide",), (small,))
        assert np.array_equal(targets_of(raw, (4, 4))[0], [[0, 0, 1, 1]] * 4)

    @pytest.mark.parametrize(
        ("size", "alike"), [((15, 30), True), ((16, 30), True), ((30, 30), False)]
    )
    def test_mask_of_other_proportions_is_refused_but_for_a_few_pixels(self, size, alike):
        raw = RawSamples(
            (np.zeros((30, 60), np.uint8),), ("",), ("wide",), (np.zeros(size, np.uint8),)
        )
        if alike:
            assert targets_of(raw, (4, 4))[0].shape == (4, 4)
            return
        with pytest.raises(SampleError, match=r"mask of wide has other proportions .* 30 × 30 pix"):
            targets_of(raw, (4, 4))

    def test_mask_that_lies_on_its_side_says_so(self):
        raw = RawSamples(
            (np.zeros((8, 16), np.uint8),), ("",), ("tall",), (np.zeros((16, 8), np.uint8),)
        )
        with pytest.raises(SampleError, match=r"mask of tall lies on its side"):
            targets_of(raw, (4, 4))

    def test_black_and_white_is_0_and_1_without_values_between(self):
        target = target_of(LEFT[:7, :7], (5, 5))
        assert target.shape == (5, 5)
        assert set(np.unique(target)) == {0, 1}

    def test_shades_go_from_0_to_1(self):
        shades = np.repeat(np.arange(0, 256, 32, dtype=np.uint8)[None], 8, axis=0)
        assert np.allclose(target_of(shades, (8, 8, 1))[..., 0], shades / 255)

    def test_small_numbers_are_classes_and_255_is_none(self):
        classes = np.array([[0, 1], [2, 255]], np.uint8).repeat(4, 0).repeat(4, 1)
        assert np.array_equal(np.unique(target_of(classes, (4, 4))), [0, 1, 2])
        hot = target_of(classes, (4, 4, 3))
        assert np.array_equal(hot[0, 0], [1, 0, 0])
        assert np.array_equal(hot[3, 0], [0, 0, 1])
        assert np.array_equal(hot[3, 3], [0, 0, 0])

    @pytest.mark.parametrize("channels", [2, 3, 4])
    def test_mask_of_background_alone_is_class_0(self, channels):
        hot = target_of(np.zeros((4, 4), np.uint8), (4, 4, channels))
        assert (hot == [1, *[0] * (channels - 1)]).all()

    @pytest.mark.parametrize("channels", [3, 4])
    def test_white_is_no_class_where_there_are_several(self, channels):
        with pytest.raises(SampleError, match=rf"black and white; .* 0 to {channels - 1}"):
            target_of(LEFT, (4, 4, channels))
        one = np.where(LEFT, LEFT, 1).astype(np.uint8)
        hot = target_of(one, (4, 4, channels))
        assert not hot[0, 0].any()
        assert hot[0, 3, 1] == 1

    def test_all_masks_of_an_upload_mean_the_same(self):
        """A dark picture among others of shades is dark, not of classes."""
        dark, bright = np.full((4, 4), 9, np.uint8), np.full((4, 4), 90, np.uint8)
        first, second = targets_of(raw_of(dark, bright), (4, 4, 1))
        assert np.allclose(first, 9 / 255)
        assert np.allclose(second, 90 / 255)

    def test_class_beyond_the_models_says_so(self):
        with pytest.raises(SampleError, match=r"s0 has class 7; this model tells 3 apart, 0 to 2"):
            target_of(np.full((4, 4), 7, np.uint8), (4, 4, 3))

    def test_shades_for_several_classes_say_so(self):
        with pytest.raises(SampleError, match=r"s0 has shades; .*Save their numbers, 0 to 3"):
            target_of(np.full((4, 4), 90, np.uint8), (4, 4, 4))

    def test_two_classes_of_black_and_white(self):
        hot = target_of(LEFT, (4, 4, 2))
        assert np.array_equal(hot[0, 0], [0, 1])
        assert np.array_equal(hot[0, 3], [1, 0])

    def test_colours_are_colours_where_these_are_learnt(self):
        red = np.zeros((4, 4, 3), np.uint8)
        red[..., 0] = 255
        assert np.array_equal(target_of(red, (2, 2, 3))[0, 0], [1, 0, 0])
        for shape in ((2, 2, 1), (2, 2), (2, 2, 4)):
            with pytest.raises(
                SampleError, match=r"mask of s0 is in colours\. Save it as an indexed"
            ):
                target_of(red, shape)

    def test_colours_of_three_channels_that_are_classes_are_refused(self):
        red = np.zeros((4, 4, 3), np.uint8)
        red[..., 0] = 255
        with pytest.raises(SampleError, match=r"mask of s0 is in colours\. Save it as an indexed"):
            targets_of(raw_of(red), (2, 2, 3), rows_are_one_hot=True)


def coloured(*colours: tuple[int, int, int]) -> np.ndarray:
    """[8, 8, 3]: stripes of these colours."""
    return np.array([[colours[k * len(colours) // 8] for k in range(8)]] * 8, np.uint8)


class TestTwoColours:
    @pytest.mark.parametrize("bright", [(255, 0, 0), (0, 0, 255), (128, 0, 0), (1, 0, 0)])
    def test_the_darker_is_background(self, bright):
        (mask,) = in_two_colours([coloured((0, 0, 0), bright)])
        assert mask[0].tolist() == [0] * 4 + [255] * 4

    def test_neither_need_be_black_and_all_masks_mean_the_same(self):
        blue, yellow = (0, 0, 200), (250, 250, 0)
        first, second = in_two_colours([coloured(yellow, blue), coloured(blue)])
        assert first[0].tolist() == [255] * 4 + [0] * 4
        assert not second.any()

    def test_one_colour_is_foreground_unless_it_is_black(self):
        assert (in_two_colours([coloured((200, 0, 0))])[0] == 255).all()
        red, black = in_two_colours([coloured((200, 0, 0)), np.zeros((8, 8), np.uint8)])
        assert (red.min(), black.max()) == (255, 0)

    def test_three_colours_and_shades_of_grey_stay(self):
        three = [coloured((0, 0, 0), (128, 0, 0)), coloured((0, 128, 0))]
        assert in_two_colours(three)[0] is three[0]
        grey = [np.full((8, 8), 9, np.uint8), np.full((8, 8), 90, np.uint8)]
        assert in_two_colours(grey)[1] is grey[1]

    def test_red_mask_in_a_zip_is_0_and_1(self):
        files = {"images/a.png": PHOTO, "masks/a.png": png(coloured((0, 0, 0), (255, 0, 0)))}
        raw = read_samples(zipped(files), "set.zip", target_shape=SHAPE)
        target = targets_of(raw, SHAPE)[0]
        assert target[0, :, 0].tolist() == [0, 0, 1, 1]

    def test_colours_of_several_classes_are_refused_by_name(self):
        mask = png(coloured((0, 0, 0), (128, 0, 0), (0, 128, 0)))
        files = {"images/a.png": PHOTO, "masks/a.png": mask}
        raw = read_samples(zipped(files), "set.zip", target_shape=SHAPE)
        with pytest.raises(SampleError, match=r"mask of images/a.png is in colours.*palette"):
            targets_of(raw, SHAPE)


class TestDecodeMask:
    @pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0)])
    def test_transparency_counts_where_the_colour_says_nothing(self, colour):
        mask = np.dstack([coloured(colour), LEFT])
        assert np.array_equal(decode_mask(png(mask), "a.png"), LEFT)

    def test_transparency_is_no_foreground_where_the_colour_says_something(self):
        grey = np.repeat(LEFT[..., None], 3, axis=-1)
        mask = np.dstack([grey, 255 - LEFT])
        assert np.array_equal(decode_mask(png(mask), "a.png"), LEFT)

    def test_palette_of_shades_gives_numbers_where_classes_are_learnt(self):
        image = Image.fromarray(np.array([[0, 1], [2, 2]], np.uint8), "P")
        image.putpalette([0, 0, 0, 100, 100, 100, 200, 200, 200])
        assert decode_mask(png(image), "a.png", classes=True).tolist() == [[0, 1], [2, 2]]

    def test_palette_gives_numbers_not_colours(self):
        image = Image.fromarray(np.array([[0, 1], [2, 2]], np.uint8), "P")
        image.putpalette([0, 0, 0, 200, 30, 30, 10, 200, 40])
        assert np.array_equal(decode_mask(png(image), "a.png"), [[0, 1], [2, 2]])

    def test_palette_of_shades_gives_shades_in_whatever_order(self):
        image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        image.putpalette([255, 255, 255, 0, 0, 0])
        assert np.array_equal(decode_mask(png(image), "a.png"), [[255, 0]])

    def test_grey_saved_as_colours_is_grey(self):
        grey = np.repeat(LEFT[..., None], 3, axis=-1)
        assert np.array_equal(decode_mask(png(grey), "a.png"), LEFT)

    def test_large_mask_is_shrunk_without_new_values(self):
        big = np.where(np.add.outer(np.arange(900), np.arange(900)) % 7 < 3, 5, 9).astype(np.uint8)
        small = decode_mask(png(big), "a.png", 100)
        assert max(small.shape) == 100
        assert set(np.unique(small)) == {5, 9}

    def test_loose_files_are_paired(self):
        files = [("", "a.png", PHOTO), ("", "a_mask.png", png(LEFT)), ("", "b.png", PHOTO)]
        raw = decode_files(files, "the upload", Form(target_shape=SHAPE))
        assert raw.names == ("a.png", "b.png")
        assert raw.targets[0].dtype == np.uint8
        assert raw.targets[1] is None

    def test_mask_that_is_no_picture_is_named(self):
        files = [("", "a.png", PHOTO), ("", "a_mask.png", b"nothing")]
        with pytest.raises(SampleError, match=r"'a_mask.png' is not a picture"):
            decode_files(files, "the upload", Form(target_shape=SHAPE))
