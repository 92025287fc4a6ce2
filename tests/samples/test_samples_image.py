import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from odt_core.errors import SampleError
from odt_core.samples import decode_image
from odt_core.samples.image import decode_mask


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is width × height and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return len(data).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    body = chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0])) + chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


class TestDecodeImage:
    def test_grey_png_gives_its_pixels(self):
        pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
        decoded = decode_image(encoded(Image.fromarray(pixels)), "a.png")
        assert decoded.tolist() == pixels.tolist()

    def test_transparent_png_keeps_its_alpha(self):
        decoded = decode_image(encoded(Image.new("RGBA", (5, 4), (1, 2, 3, 4))), "a.png")
        assert decoded.shape == (4, 5, 4)
        assert decoded[0, 0].tolist() == [1, 2, 3, 4]

    @pytest.mark.parametrize("mode", ["L", "1"])
    def test_grey_png_of_which_one_shade_is_transparent_keeps_that(self, mode):
        picture = Image.fromarray(np.array([[0, 255]], np.uint8)).convert(mode)
        decoded = decode_image(encoded(picture, transparency=0), "a.png")
        assert decoded.tolist() == [[[0, 0, 0, 0], [255, 255, 255, 255]]]

    def test_photograph_lying_on_its_side_is_turned_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation: turned by 90 degrees
        decoded = decode_image(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif), "a.jpg")
        assert decoded.shape == (40, 20, 3)

    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    @pytest.mark.parametrize(
        ("size", "unpacked"),
        [
            ((1600, 1200), (800, 600)),
            ((1280, 720), (640, 360)),
            ((720, 1280), (360, 640)),
            ((8000, 500), (1000, 63)),
            ((1279, 1279), (1279, 1279)),
        ],
    )
    def test_photograph_of_any_shape_is_unpacked_as_small_as_will_do(
        self, monkeypatch, size, unpacked, mode
    ):
        data, seen = encoded(Image.new(mode, size), "JPEG"), []
        load = JpegImageFile.load
        monkeypatch.setattr(
            JpegImageFile, "load", lambda image: seen.append(image.size) or load(image)
        )
        decode_image(data, "a.jpg")
        assert seen[0] == unpacked

    @pytest.mark.parametrize("turned", [1, 6])
    @pytest.mark.parametrize("size", [(7919, 4001), (1281, 959), (8000, 500), (500, 8000)])
    def test_photograph_that_is_unpacked_smaller_is_as_if_unpacked_whole(self, size, turned):
        picture = Image.radial_gradient("L").resize(size)
        exif = Image.Exif()
        exif[0x0112] = turned
        whole = decode_image(encoded(picture), "a.png")
        decoded = decode_image(encoded(picture, "JPEG", quality=95, exif=exif), "a.jpg")
        difference = np.rot90(whole, -1 if turned == 6 else 0).astype(int) - decoded
        assert np.abs(difference).mean() < 0.5

    def test_sixteen_bit_grey_is_brought_to_eight(self):
        pixels = np.array([[0, 65535]], np.uint16)
        assert decode_image(encoded(Image.fromarray(pixels)), "a.png").tolist() == [[0, 255]]

    @pytest.mark.parametrize(
        ("values", "decoded"),
        [
            ([65535, 65535], [255, 255]),
            ([20000, 30000], [78, 117]),
            ([4095, 4095], [255, 255]),
            ([0, 2048], [0, 128]),
            ([255, 255], [255, 255]),
            ([7, 200], [7, 200]),
            ([0, 0], [0, 0]),
        ],
    )
    def test_sixteen_bits_have_the_white_of_their_range(self, values, decoded):
        data = encoded(Image.fromarray(np.array([values], np.uint16)))
        assert decode_image(data, "a.png").tolist() == [decoded]

    @pytest.mark.parametrize(
        ("values", "decoded"),
        [
            ([65535, 65535], [255, 255]),
            ([0, 65535], [0, 255]),
            ([1, 3], [1, 3]),
            ([2, 65535], [2, 255]),
            ([0, 32768], [0, 128]),
        ],
    )
    def test_sixteen_bits_of_a_mask_are_its_numbers(self, values, decoded):
        data = encoded(Image.fromarray(np.array([values], np.uint16)))
        assert decode_mask(data, "a.png").tolist() == [decoded]

    def test_numbers_below_0_go_from_black_to_white(self):
        data = encoded(Image.fromarray(np.array([[-1000, 0, 1000]], np.float32)), "TIFF")
        assert decode_image(data, "a.tiff").tolist() == [[0, 128, 255]]

    def test_fractions_are_brought_to_eight(self):
        pixels = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
        assert decode_image(encoded(pixels, "TIFF"), "a.tiff").tolist() == [[0, 128, 255]]

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_numbers_that_are_not_finite_raise(self, value):
        pixels = Image.fromarray(np.array([[0, value]], np.float32))
        with pytest.raises(SampleError, match=r"'a.tiff' is damaged .*not finite"):
            decode_image(encoded(pixels, "TIFF"), "a.tiff")

    def test_empty_file_raises(self):
        with pytest.raises(SampleError, match=r"'a.png' is empty"):
            decode_image(b"", "a.png")

    def test_text_raises(self):
        with pytest.raises(SampleError, match=r"'a.png' is not a picture"):
            decode_image(b"hello, this is text", "a.png")

    def test_truncated_png_raises(self):
        data = encoded(Image.effect_noise((60, 60), 50))
        with pytest.raises(SampleError, match="damaged"):
            decode_image(data[: len(data) // 2], "a.png")

    def test_tiff_whose_second_page_is_empty_raises(self):
        data = bytearray(encoded(Image.new("RGB", (4, 4)), "TIFF"))
        (first,) = struct.unpack_from("<I", data, 4)
        (entries,) = struct.unpack_from("<H", data, first)
        struct.pack_into("<I", data, first + 2 + 12 * entries, len(data))
        with pytest.raises(SampleError, match=r"'a\.tif' is damaged"):
            decode_image(bytes(data) + bytes(6), "a.tif")

    @pytest.mark.parametrize("side", [12_000, 60_000])
    def test_huge_picture_raises_before_it_is_unpacked(self, side):
        with pytest.raises(SampleError, match="At most 64 million pixels"):
            decode_image(png_header(side, side), "huge.png")

    def test_animation_raises(self):
        frames = [Image.new("L", (8, 8), shade) for shade in (0, 99, 200)]
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        with pytest.raises(SampleError, match="animation"):
            decode_image(data, "a.gif")

    def test_format_outside_the_list_raises(self):
        with pytest.raises(SampleError, match="not a picture that can be read"):
            decode_image(encoded(Image.new("L", (8, 8)), "PCX"), "a.pcx")


class TestHeic:
    """corners.heic: red, green above blue, white. Its EXIF says "turn", its "irot" box is absent:
    in HEIF only that box turns (ISO/IEC 23008-12, 6.5.10), and the decoder obeys it by itself.
    """

    def test_heic_when_decoded_then_corners_are_where_they_were_and_exif_turns_nothing(self):
        data = (Path(__file__).parent / "corners.heic").read_bytes()
        picture = decode_image(data, "corners.heic")
        assert picture.shape == (48, 64, 3)
        assert picture[5, 5].argmax() == 0
        assert picture[5, -5].argmax() == 1
        assert picture[-5, 5].argmax() == 2
        assert picture[-5, -5].min() > 200

    def test_heic_when_cut_short_then_it_is_refused_in_words(self):
        data = (Path(__file__).parent / "corners.heic").read_bytes()
        with pytest.raises(SampleError, match=r"corners\.heic"):
            decode_image(data[:400], "corners.heic")


class TestLargePictures:
    def test_photo_when_larger_than_the_working_side_then_it_is_shrunk_in_proportion(self):
        stream = io.BytesIO()
        Image.new("RGB", (1600, 800), "red").save(stream, "JPEG")
        assert decode_image(stream.getvalue(), "wide.jpg").shape == (320, 640, 3)

    def test_photo_when_no_side_is_given_then_its_size_stays(self):
        stream = io.BytesIO()
        Image.new("RGB", (1600, 800), "red").save(stream, "PNG")
        assert decode_image(stream.getvalue(), "wide.png", side=None).shape == (800, 1600, 3)
