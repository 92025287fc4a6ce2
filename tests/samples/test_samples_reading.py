import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from odt_core.errors import LabelError, SampleError
from odt_core.samples import (
    Labels,
    Preprocessing,
    Subset,
    archives,
    decoding,
    folders,
    prepare,
    read_samples,
)
from odt_core.samples.archives import unpack
from tests import sample_files
from tests.sample_files import npz, zipped


def png(shade: int) -> bytes:
    return sample_files.png(Image.new("L", (6, 6), shade))


def unmarked(files: dict[bytes, bytes]) -> bytes:
    """A zip whose names are the bytes given, without the mark that they are in UTF-8."""
    names = {letter * len(name): name for letter, name in zip("abc", files, strict=False)}
    data = zipped(dict(zip(names, files.values(), strict=True)))
    for stand_in, name in names.items():
        data = data.replace(stand_in.encode(), name)
    return data


class TestFolder:
    def test_label_folders_become_labels(self, tmp_path):
        for label, shade in (("cat", 10), ("dog", 20)):
            (tmp_path / label).mkdir()
            (tmp_path / label / "a.png").write_bytes(png(shade))
        (tmp_path / "dog" / "notes.txt").write_text("not a picture")
        raw = read_samples(tmp_path)
        assert raw.labels == ("cat", "dog")
        assert raw.names == ("cat/a.png", "dog/a.png")
        assert [int(item[0, 0]) for item in raw.items] == [10, 20]

    def test_folder_is_read_as_the_zip_of_it(self, tmp_path):
        inner = zipped({"0.png": png(7)})
        files = {
            "set/cat/1.png": png(1),
            "set/dog/2.png": png(2),
            "bird-samples.zip": inner,
            "set/.cache/3.png": b"no picture",
        }
        for file, data in files.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes(data)
        folder, archive = read_samples(tmp_path), read_samples(zipped(files), "set.zip")
        assert folder.labels == archive.labels == ("bird", "cat", "dog")
        assert folder.names == archive.names
        assert [int(item[0, 0]) for item in folder.items] == [7, 1, 2]

    def test_folders_may_be_links_to_others(self, tmp_path):
        mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
        for folder in (mine / "a", elsewhere):
            folder.mkdir(parents=True)
            (folder / "1.png").write_bytes(png(1))
        (mine / "b").symlink_to(elsewhere)
        assert read_samples(mine).labels == ("a", "b")

    def test_links_that_lead_back_are_not_gone_into_again(self, tmp_path):
        for label in "ab":
            (tmp_path / label).mkdir()
            (tmp_path / label / "1.png").write_bytes(png(1))
        (tmp_path / "a" / "back").symlink_to(tmp_path)
        (tmp_path / "a" / "self").symlink_to(".")
        (tmp_path / "a" / "other").symlink_to(tmp_path / "b")
        (tmp_path / "b" / "one").symlink_to(tmp_path / "a")
        assert sorted(read_samples(tmp_path).labels) == ["a", "b", "one", "other"]

    def test_damaged_zip_in_a_folder_is_named(self, tmp_path):
        (tmp_path / "bird-samples.zip").write_bytes(b"no zip")
        with pytest.raises(SampleError, match=r"'bird-samples.zip' is damaged"):
            read_samples(tmp_path)

    def test_folder_without_pictures_raises(self, tmp_path):
        with pytest.raises(SampleError, match="holds no samples in label folders"):
            read_samples(tmp_path)

    def test_missing_path_raises(self, tmp_path):
        with pytest.raises(SampleError, match="does not exist"):
            read_samples(tmp_path / "nowhere")


class TestZip:
    def test_zip_of_label_folders(self):
        data = zipped({"all/cat/1.png": png(1), "all/dog/1.png": png(2), "__MACOSX/x.png": b"?"})
        assert read_samples(data, "mine.zip").labels == ("cat", "dog")

    def test_zip_of_zips_as_teachable_machine_makes_them(self):
        inner = zipped({"0.png": png(7), "1.png": png(8)})
        raw = read_samples(zipped({"Class A-samples.zip": inner}), "tm.zip")
        assert raw.labels == ("Class A", "Class A")
        assert [int(item[0, 0]) for item in raw.items] == [7, 8]

    def test_second_download_of_a_zip_of_teachable_machine_is_of_the_same_label(self):
        again = {"A-samples.zip": png(7), "A-samples (1).zip": png(8), "A-samples(2).zip": png(9)}
        inner = {name: zipped({"0.png": picture}) for name, picture in again.items()}
        assert read_samples(zipped(inner), "tm.zip").labels == ("A",) * 3
        for name in again:
            assert read_samples(inner[name], name).labels == ("A",)

    @pytest.mark.parametrize("around", [{}, {"c/9.png": png(9)}])
    def test_picture_that_is_damaged_in_a_zip_is_left_out_and_named(self, around):
        files = {"a/1.png": png(1), "a/2.png": png(2), "b/3.png": png(3)}
        data = bytearray(zipped(files, zipfile.ZIP_STORED))
        data[data.index(files["a/2.png"]) + 40] ^= 1
        data = zipped({**around, "inner.zip": bytes(data)}) if around else bytes(data)
        raw = read_samples(data, "mine.zip")
        assert raw.labels == (*("c" for _ in around), "a", "b")
        assert "Left out 1 picture that cannot be read" in raw.notice
        assert "a/2.png'" in raw.notice

    def test_zips_in_a_zip_say_themselves_that_they_are_of_pictures(self):
        inner = zipped({"0.png": png(7)})
        outer = zipped({"0-samples.zip": inner, "1-samples.zip": inner})
        assert read_samples(outer, "tm.zip", input_shape=(28, 28, 1)).labels == ("0", "1")

    def test_zip_in_a_zip_keeps_its_label_folders(self):
        inner = zipped({"all/7/0.png": png(7), "all/8/0.png": png(8), "__MACOSX/7/0.png": b"?"})
        raw = read_samples(zipped({"inner.zip": inner}), "outer.zip")
        assert raw.labels == ("7", "8")
        assert [int(item[0, 0]) for item in raw.items] == [7, 8]

    def test_zip_in_a_zip_whose_folders_are_no_labels_has_its_name_as_label(self):
        inner = zipped({"images/0.png": png(7), "train/1.png": png(8)})
        raw = read_samples(zipped({"heart-samples.zip": inner}), "outer.zip")
        assert raw.labels == ("heart", "heart")

    def test_zip_of_loose_pictures_has_the_zips_name_as_label(self):
        assert read_samples(zipped({"0.png": png(1)}), "heart-samples.zip").labels == ("heart",)

    @pytest.mark.parametrize(
        "name", ["../evil.png", "/etc/evil.png", "a\\..\\..\\b.png", "C:/x.png"]
    )
    def test_member_that_leads_out_of_the_zip_raises(self, name):
        with pytest.raises(SampleError, match="leads out of the zip"):
            read_samples(zipped({"cat/1.png": png(1), name: png(2)}), "bad.zip")

    def test_colon_that_names_no_drive_is_part_of_a_label(self):
        data = zipped({"12:30/1.png": png(1), "4:3/2.png": png(2)})
        assert read_samples(data, "times.zip").labels == ("12:30", "4:3")

    @pytest.mark.parametrize(
        ("at", "value", "said"),
        [
            (8, 1, r"'in\.zip' is locked with a password: unpack it and zip it without one"),
            (10, 99, r"'in\.zip' is locked with a password"),  # AES
            (10, 9, r"'in\.zip' is packed in a way that is not read"),  # Deflate64
        ],
    )
    def test_zip_that_cannot_be_unpacked_says_why(self, at, value, said):
        data = bytearray(zipped({"cat/1.png": png(1)}))
        data[data.find(b"PK\x01\x02") + at] = value
        for given, name in ((bytes(data), "in.zip"), (zipped({"in.zip": data}), "out.zip")):
            with pytest.raises(SampleError, match=said):
                read_samples(given, name)

    def test_label_of_a_zip_of_macos_is_the_one_that_others_write(self):
        mac, other = "E\u0301cran", "\u00c9cran"
        raw = read_samples(zipped({f"{mac}/1.png": png(1), f"{other}/2.png": png(2)}), "z.zip")
        assert raw.labels == (other, other)

    def test_names_in_utf8_need_no_mark_as_finder_writes_them(self):
        names = [name.encode() for name in ("herz ♥/1.png", "straße/2.png")]
        inner = unmarked({names[0]: png(1), names[1]: png(2)})
        for data in (inner, zipped({"inner.zip": inner})):
            raw = read_samples(data, "mac.zip")
            assert (raw.labels, raw.notice) == (("herz ♥", "straße"), "")

    def test_names_in_an_encoding_that_nobody_says_are_called_a_guess(self):
        data = unmarked({"Öl é/1.png".encode("cp850"): png(1), b"dog/2.png": png(2)})
        for given, name in ((data, "w.zip"), (zipped({"w.zip": data}), "outer.zip")):
            raw = read_samples(given, name)
            assert raw.labels == ("dog", "Öl é")
            assert raw.notice.startswith(
                "'w.zip' does not say how its names are written: 'Öl é/1.png' is a guess."
            )

    def test_hidden_folder_of_thousands_is_looked_into_only_a_little(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folders, "MAX_MEMBERS", 200)
        for folder, count in (("cat", 2), ("dog", 2), (".thumbnails", 300)):
            (tmp_path / folder).mkdir()
            for k in range(count):
                (tmp_path / folder / f"{k}.png").write_bytes(png(k % 200))
        assert read_samples(tmp_path).labels == ("cat", "cat", "dog", "dog")

    def test_hidden_label_folder_does_not_vanish_unsaid(self, tmp_path):
        files = {
            ".cat/1.png": png(1),
            "dog/2.png": png(2),
            "dog/._2.png": b"?",
            ".DS_Store": b"?",
            ".git/config": b"?",
            "__MACOSX/.cat/._1.png": b"?",
        }
        for file, data in files.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes(data)
        for source in (zipped(files), tmp_path, zipped({"in.zip": zipped(files)})):
            raw = read_samples(source, "s.zip")
            assert raw.labels == ("dog",)
            assert raw.notice == (
                "Left out 1 hidden sample, such as '.cat/1.png': give files and folders names "
                "without a dot before them."
            )
        with pytest.raises(SampleError, match=r"holds no samples\. Left out 1 hidden sample"):
            read_samples(zipped({".cat/1.png": png(1)}), "s.zip")

    def test_label_may_begin_as_the_folder_that_macos_adds(self):
        data = zipped({"__MACOSX_cat/1.png": png(1), "dog/2.png": png(2)})
        assert read_samples(data, "s.zip").labels == ("__MACOSX_cat", "dog")

    def test_zip_bomb_raises(self):
        bomb = zipped({"cat/1.png": bytes(210_000_000)})
        assert len(bomb) < 1_000_000
        with pytest.raises(SampleError, match="unpacks to 210 MB"):
            read_samples(bomb, "bomb.zip")

    def test_member_whose_stated_size_lies_raises(self):
        data = bytearray(zipped({"cat/1.png": bytes(30_000_000)}))
        at = data.rfind(b"PK\x01\x02") + 24  # uncompressed size in the directory
        data[at : at + 4] = (1000).to_bytes(4, "little")
        with pytest.raises(SampleError):
            read_samples(bytes(data), "liar.zip")

    def test_more_than_5000_samples_are_refused_before_they_are_decoded(self):
        many = zipped({f"cat/{k}.png": b"" for k in range(5_001)})
        with pytest.raises(SampleError, match="holds 5001 samples; at most 5000 are read"):
            read_samples(many, "many.zip")

    def test_neither_zip_nor_npz_raises(self):
        with pytest.raises(SampleError, match="neither a zip of label folders nor"):
            read_samples(b"some text", "notes.zip")

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("b.XLSX", r"'b\.XLSX' is a spreadsheet: save its sheet as \.csv"),
            ("p.parquet", r"save it as \.csv, in pandas"),
            ("a.arff", r"save it as \.csv"),
            ("t.xml", r"If it holds a table, save that as \.csv"),
            ("one.mp3", r"save its sound as \.wav"),
            ("x.h5", r"numpy\.savez\(file, x=samples, y=labels\)"),
            ("p.tar.gz", r"is packed: unpack it"),
            ("iris.data", r"If it is a table, call it \.csv"),
        ],
    )
    @pytest.mark.parametrize("data", [b"PAR1", zipped({"xl/workbook.xml": b"<a/>"})])
    def test_file_of_another_kind_says_what_to_save_instead(self, name, said, data):
        with pytest.raises(SampleError, match=said):
            read_samples(data, name)

    def test_damaged_picture_raises_with_its_name(self):
        with pytest.raises(SampleError, match=r"cat/1\.png"):
            read_samples(zipped({"cat/1.png": b"no picture"}), "z.zip")

    def test_pictures_that_cannot_be_read_are_left_out_and_named(self, caplog):
        frames = [Image.new("L", (6, 6), shade) for shade in (0, 90)]
        film = io.BytesIO()
        frames[0].save(film, "GIF", save_all=True, append_images=frames[1:])
        bad = {"cat/b.png": png(1)[:40], "dog/c.png": b"text", "dog/d.gif": film.getvalue()}
        raw = read_samples(zipped({"cat/a.png": png(1), "dog/a.png": png(2), **bad}), "pets.zip")
        assert (raw.names, raw.labels) == (("cat/a.png", "dog/a.png"), ("cat", "dog"))
        said = "Left out 3 pictures that cannot be read: 'cat/b.png', 'dog/c.png', 'dog/d.gif'. "
        assert raw.notice.startswith(said + "'cat/b.png' is not a picture")
        assert said in caplog.text

    @pytest.mark.parametrize("given", ["zip", "folder", "zip in a zip"])
    def test_picture_that_is_too_large_is_left_out_and_the_others_are_read(self, given, tmp_path):
        large = png(1) + bytes(30_000_000)
        inner = zipped({"dog/a.png": png(2), "dog/b.png": large})
        files = {"cat/a.png": png(1), "cat/b.png": large}
        source = zipped({**files, "pets.zip": inner} if given == "zip in a zip" else files)
        if given == "folder":
            with zipfile.ZipFile(io.BytesIO(source)) as archive:
                archive.extractall(tmp_path)
            source = tmp_path
        raw = read_samples(source, "mine.zip")
        others = ("pets.zip/dog/a.png",) if given == "zip in a zip" else ()
        assert raw.names == ("cat/a.png", *others)
        assert "that cannot be read: 'cat/b.png'" in raw.notice
        assert "'cat/b.png' is more than 30 MB, the limit. Save it smaller." in raw.notice

    def test_pictures_of_which_none_can_be_read_are_named_together(self):
        bad = {f"cat/{k}.png": b"text" for k in range(7)}
        said = "None of 7 pictures can be read: 'cat/0.png', .*'cat/4.png' and 2 more. 'cat/0.png'"
        with pytest.raises(SampleError, match=said):
            read_samples(zipped(bad), "pets.zip")

    def test_only_picture_beside_arrays_is_left_out_and_named_where_it_cannot_be_read(self):
        array = io.BytesIO()
        np.save(array, np.zeros((6, 6), np.float32))
        files = {"cat/a.npy": array.getvalue(), "cat/b.png": b"text"}
        raw = read_samples(zipped(files), "pets.zip")
        assert raw.names == ("cat/a.npy",)
        assert raw.notice.startswith("Left out 1 picture that cannot be read: 'cat/b.png'. ")

    def test_mask_of_a_picture_that_cannot_be_read_is_left_out_with_it(self):
        files = {"a.png": png(1), "a.target.png": png(255), "b.png": b"", "b.target.png": png(0)}
        raw = read_samples(zipped(files), "masks.zip", target_shape=(6, 6))
        assert raw.names == ("a.png",)
        assert [int(target[0, 0]) for target in raw.targets] == [255]

    def test_suffix_of_teachable_machine_is_taken_off_zips_and_not_off_folders(self):
        inner = zipped({"1.png": png(1), "__MACOSX/._1.png": b"no picture"})
        raw = read_samples(zipped({"blood-samples/1.png": png(2), "heart-samples.zip": inner}))
        assert set(raw.labels) == {"blood-samples", "heart"}

    def test_label_that_cannot_be_used_is_not_called_damage(self):
        with pytest.raises(LabelError, match="Shorten it to 40"):
            read_samples(zipped({f"{'x' * 41}/1.png": png(1)}))

    def test_pictures_that_unpack_to_far_more_than_they_hold_are_refused_unread(self):
        large = sample_files.png(Image.new("1", (8_000, 8_000)))
        bombs = {f"a/{k}.png": large for k in range(60)}
        with pytest.raises(SampleError, match="unpacks to 3,840 million pixels"):
            read_samples(zipped(bombs), "bombs.zip")

    def test_many_pictures_are_kept_smaller(self, monkeypatch):
        monkeypatch.setattr(decoding, "MAX_KEPT", 4 * 4 * 100 * 100)
        wide = sample_files.png(Image.new("RGB", (400, 200)))
        one, four = (
            read_samples(zipped({f"a/{k}.png": wide for k in range(count)})) for count in (1, 4)
        )
        assert one.items[0].shape == (100, 200, 3)
        assert four.items[0].shape == (50, 100, 3)


class TestNpz:
    def test_no_samples_are_said_before_anything_is_made_of_them(self):
        with pytest.raises(SampleError, match="holds no samples"):
            read_samples(npz(x=np.zeros((300_000_000, 0), np.uint8)))
        with pytest.raises(SampleError, match="holds no samples"):
            read_samples(npz(x=np.zeros((0, 8, 8), np.uint8), y=np.zeros(0)))

    def test_header_that_is_nested_without_end_is_damage(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"-" * 4_000 + b"3, 8), }"
        array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(96)
        with pytest.raises(SampleError, match="not an array that can be read"):
            read_samples(zipped({"x.npy": array}), "own.npz")

    def test_array_is_not_unpacked_to_see_whether_it_is_there(self, monkeypatch):
        unpacked = []

        def counted(archive, member, limit):
            unpacked.append(member.filename)
            return unpack(archive, member, limit)

        monkeypatch.setattr(archives, "unpack", counted)
        read_samples(npz(x=np.zeros((2, 4)), y=[0, 1]), "own.npz")
        assert sorted(unpacked) == ["x.npy", "y.npy"]

    def test_pictures_with_whole_number_labels(self):
        raw = read_samples(npz(x=np.zeros((3, 8, 8), np.uint8), y=[4, 0, 4]), "own.npz")
        assert raw.labels == ("4", "0", "4")
        assert raw.items[0].shape == (8, 8)

    def test_float_inputs_with_names_stay_float32(self):
        raw = read_samples(npz(x=np.zeros((2, 4), np.float64), y=["a", "b"]), "own.npz")
        assert raw.items[0].dtype == np.float32
        assert raw.labels == ("a", "b")

    def test_arrays_of_other_names_are_listed(self):
        with pytest.raises(SampleError, match="has no array x: it has pixels, y"):
            read_samples(npz(pixels=np.zeros((2, 4)), y=np.zeros(2)), "own.npz")

    @pytest.mark.parametrize(
        ("x", "y"),
        [("X", "Y"), ("data", "target"), ("features", "labels"), ("x", "label"), ("Images", "y")],
    )
    def test_arrays_may_have_other_usual_names(self, x, y):
        raw = read_samples(npz(**{x: np.ones((2, 4)), y: [3, 1]}), "own.npz")
        assert (raw.labels, raw.names[1]) == (("3", "1"), "own.npz, sample 2")

    @pytest.mark.parametrize(
        ("x", "y"),
        [("x_{}", "y_{}"), ("X_{}", "y_{}"), ("{}_x", "{}_y"), ("{}_images", "{}_labels")],
    )
    def test_train_part_is_read_and_the_test_part_where_a_model_is_judged(self, x, y):
        data = npz(**{
            x.format("train"): np.ones((1, 4)), y.format("train"): [1],
            x.format("test"): np.ones((2, 4)), y.format("test"): [2, 2],
        })  # fmt: skip
        raw = read_samples(data, "own.npz")
        assert (raw.labels, raw.names) == (("1",), (f"own.npz, {x.format('train')}, sample 1",))
        assert read_samples(data, "own.npz", subset=Subset.TEST).labels == ("2", "2")

    def test_part_may_be_asked_for_by_its_name(self):
        data = npz(x_train=[[1]], y_train=[1], x_test=[[1]], y_test=[2])
        assert read_samples(data, "own.npz", subset="test").labels == ("2",)

    @pytest.mark.parametrize("x", ["x", "x_train"])
    def test_both_parts_are_read_and_marked_where_both_are_wanted(self, x):
        data = npz(**{x: [[1]], x.replace("x", "y"): [1]}, x_test=[[2], [3]], y_test=[2, 1])
        raw = read_samples(data, "own.npz", subset=Subset.BOTH)
        assert [item.tolist() for item in raw.items] == [[1], [2], [3]]
        assert (raw.labels, raw.tests) == (("1", "2", "1"), (False, True, True))
        assert (raw.names[1], raw.notice) == ("own.npz, x_test, sample 1", "")

    @pytest.mark.parametrize(
        ("y", "labels", "notice"),
        [
            ({"y_train": ["cat"]}, ("cat",), "Left out 1 array: x_test."),
            ({"y_train": [1]}, ("1",), "Left out 1 array: x_test."),
            ({"y_test": [1, 2]}, ("",), "Left out 2 arrays: x_test, y_test."),
        ],
    )
    def test_test_part_is_left_out_where_one_part_alone_has_labels(self, y, labels, notice):
        data = npz(x_train=[[1]], x_test=[[2], [3]], **y)
        raw = read_samples(data, "own.npz", subset=Subset.BOTH)
        assert (raw.labels, raw.tests, raw.notice) == (labels, (), notice)

    def test_test_part_that_makes_too_many_samples_is_left_out_and_told(self):
        data = npz(x_train=np.ones((3, 1)), x_test=np.ones((49_998, 1)))
        raw = read_samples(data, "own.npz", subset=Subset.BOTH)
        assert (len(raw), raw.tests) == (3, ())
        assert raw.notice == (
            "Left out x_test: with it 'own.npz' has 50,001 samples, and at most 50,000 are read."
        )

    def test_part_that_is_too_large_by_itself_is_named(self):
        said = r"'own\.npz, x_train' has 50,001 samples; .* such as x_train\[:50000\]"
        with pytest.raises(SampleError, match=said):
            read_samples(npz(x_train=np.ones((50_001, 1)), x_test=[[1]]), "own.npz", subset="both")

    def test_both_parts_are_read_where_neither_has_labels(self):
        raw = read_samples(npz(x_train=[[1]], x_test=[[2]]), "own.npz", subset=Subset.BOTH)
        assert (raw.labels, raw.tests, raw.notice) == (("", ""), (False, True), "")

    def test_one_part_alone_is_not_marked(self):
        for x in ("x", "x_train", "x_test"):
            raw = read_samples(npz(**{x: [[1]]}), "own.npz", subset=Subset.BOTH)
            assert (len(raw), raw.tests) == (1, ())

    def test_only_part_there_is_is_read(self):
        data = npz(x_test=np.ones((1, 4)), y_test=[1])
        assert read_samples(data, "own.npz").labels == ("1",)
        data = npz(x=np.ones((1, 4)), y=[1])
        assert read_samples(data, "own.npz", subset=Subset.TEST).labels == ("1",)

    def test_labels_of_the_other_part_are_not_taken(self):
        data = npz(x_train=np.ones((1, 4)), y_test=[1])
        assert read_samples(data, "own.npz").labels == ("",)

    @pytest.mark.parametrize(
        "arrays", [{"data": [[1]], "images": [[1]]}, {"x": [[1]], "labels": [0], "target": [1]}]
    )
    def test_several_that_may_be_meant_are_not_guessed(self, arrays):
        with pytest.raises(SampleError, match="name the one that is meant"):
            read_samples(npz(**arrays), "own.npz")

    @pytest.mark.parametrize(
        ("x", "other", "usual"), [("x", "classes", "y"), ("x", "y_train", "y"),
                                  ("x_test", "test_classes", "y_test")]
    )  # fmt: skip
    @pytest.mark.parametrize("values", [["a", "b"], [[1, 0], [0, 1]], np.array(["a", 1], object)])
    def test_labels_of_another_name_are_not_passed_over(self, x, other, usual, values):
        said = rf"has no array {usual}, and {other} has one element for each of the 2 samples"
        with pytest.raises(SampleError, match=said):
            read_samples(npz(**{x: np.ones((2, 4)), other: values}), "own.npz")

    def test_arrays_that_are_not_read_are_told(self):
        raw = read_samples(npz(x=np.ones((2, 4)), y=[0, 1], names=["a", "b", "c"]), "own.npz")
        assert raw.notice == "Left out 1 array: names."
        raw = read_samples(npz(x=np.ones((2, 4)), names=["a", "b", "c"]), "own.npz")
        assert (raw.labels, raw.notice) == (("", ""), "Left out 1 array: names.")
        parts = npz(x_train=[[1]], y_train=[0], x_test=[[1]], y_test=[0])
        raw = read_samples(parts, "own.npz")
        assert raw.notice == "Left out 2 arrays: x_test, y_test."
        assert read_samples(parts, "own.npz", subset=Subset.TEST).notice == ""

    @pytest.mark.parametrize("key", ["ids", "subject", "sample_weight"])
    def test_arrays_about_samples_are_no_labels(self, key):
        raw = read_samples(npz(x=np.ones((2, 4)), **{key: [7, 8]}), "own.npz")
        assert (raw.labels, raw.notice) == (("", ""), f"Left out 1 array: {key}.")

    def test_numbers_that_take_too_much_as_float32_are_refused(self):
        large, said = np.zeros((2, 25_000_001), np.int8), r"50,000,002 numbers.* 200 MB as float32"
        for arrays in ({"x": large}, {"x": np.ones((2, 1)), "y": large}):
            with pytest.raises(SampleError, match=said):
                read_samples(npz(**arrays), "own.npz")
        stream = io.BytesIO()
        np.save(stream, large)
        with pytest.raises(SampleError, match=said):
            read_samples(stream.getvalue(), "own.npy")

    def test_text_labels_may_stand_in_a_column(self):
        raw = read_samples(npz(x=np.ones((2, 1)), y=[["walk"], ["run"]]), "own.npz")
        assert raw.labels == ("walk", "run")
        with pytest.raises(SampleError, match=r"y has text of shape \[2, 2\]. Use one label per"):
            read_samples(npz(x=np.ones((2, 1)), y=[["a", "b"], ["c", "d"]]), "own.npz")

    def test_labels_as_bytes_are_read_as_utf8_or_refused(self):
        raw = read_samples(npz(x=np.ones((2, 1)), y=["é".encode(), b"a"]), "own.npz")
        assert raw.labels == ("é", "a")
        with pytest.raises(SampleError, match="y has bytes that are not UTF-8"):
            read_samples(npz(x=np.ones((2, 1)), y=[b"caf\xe9", b"caf\xe8"]), "own.npz")

    @pytest.mark.parametrize("kind", [np.int32, np.uint64, np.float64])
    def test_whole_numbers_that_float32_rounds_are_told(self, kind):
        x, y = np.array([[1], [123456789]], kind), np.array([2, 16777217], kind)
        said = "has whole numbers beyond 16,777,216, of which float32 holds the first seven digits"
        of_x = f"'own.npz', x, {said}: 123456789 is read as 123456792."
        of_y = f"'own.npz', y, {said}: 16777217 is read as 16777216."
        raw = read_samples(npz(x=x, y=y), "own.npz")
        assert (raw.labels[1], raw.notice) == ("16777217", of_x)  # y are labels
        raw = read_samples(npz(x=x, y=y), "own.npz", target_shape=(1,))
        assert raw.notice == f"{of_x} {of_y}"

    @pytest.mark.parametrize("x", [[[2**24, -(2**40)]], [[16777217.5, 1e30]], [[True, False]]])
    def test_whole_numbers_that_float32_holds_are_not(self, x):
        assert read_samples(npz(x=x), "own.npz").notice == ""

    def test_whole_numbers_are_told_of_an_array_by_itself(self):
        stream = io.BytesIO()
        np.save(stream, [-123456789, 5])
        raw = read_samples(stream.getvalue(), "one.npy")
        assert raw.notice.startswith("'one.npy' has whole numbers beyond")
        assert raw.notice.endswith("-123456789 is read as -123456792.")

    def test_two_arrays_of_one_name_are_refused(self):
        data = npz(x=[[1.0]], z=[[2.0]]).replace(b"z.npy", b"x.npy")
        with pytest.raises(SampleError, match=r"'own\.npz' holds two files of the name 'x\.npy'"):
            read_samples(data, "own.npz")

    @pytest.mark.parametrize("name", ["own.npz", "own.zip", "own.csv"])
    def test_nothing_is_called_empty(self, name):
        with pytest.raises(SampleError, match="is empty"):
            read_samples(b"", name)

    def test_pickled_objects_are_not_loaded(self):
        data = npz(x=np.array([{"a": 1}], object), y=np.zeros(1))
        with pytest.raises(SampleError, match=r"strings are saved with array\.astype\(str\)"):
            read_samples(data, "own.npz")

    @pytest.mark.parametrize(
        ("x", "y", "message"),
        [
            (np.zeros((3, 8, 8), np.uint8), [1, 2], "one label or target per sample"),
            (np.zeros((2, 8, 8), complex), [1, 2], "x has type complex128"),
            (np.zeros((2, 8, 8), np.uint8), [1j, 2], "y has type complex128"),
            (np.array([[1.0, 2], [np.nan, 0]]), [1, 2], "sample 2 holds a number that is not"),
        ],
    )
    def test_arrays_that_do_not_fit_raise(self, x, y, message):
        with pytest.raises(SampleError, match=message):
            read_samples(npz(x=x, y=np.array(y)), "own.npz")

    def test_token_ids_become_float32_without_loss(self):
        raw = read_samples(npz(x=np.array([[7, 16_000_001]]), y=[0]), "own.npz")
        assert raw.items[0].tolist() == [7, 16_000_001]
        assert raw.items[0].dtype == np.float32

    def test_real_targets_are_targets_and_no_labels(self):
        raw = read_samples(npz(x=np.zeros((2, 3)), y=[1.5, 2]), "own.npz")
        assert raw.labels == ("", "")
        assert [float(target) for target in raw.targets] == [1.5, 2.0]

    def test_one_hot_rows_are_labels_too(self):
        raw = read_samples(npz(x=np.zeros((2, 3)), y=np.eye(4)[[3, 1]]), "own.npz")
        assert raw.labels == ("3", "1")
        assert raw.targets[0].tolist() == [0, 0, 0, 1]

    def test_x_alone_has_neither(self):
        raw = read_samples(npz(x=np.zeros((2, 3))), "own.npz")
        assert raw.labels == ("", "")
        assert raw.targets == ()

    def test_header_that_claims_terabytes_is_refused_without_them(self):
        stream = io.BytesIO()
        header = {"descr": "<f4", "fortran_order": False, "shape": (10**12, 3)}
        np.lib.format.write_array_header_1_0(stream, header)
        with pytest.raises(SampleError, match="cut short"):
            read_samples(zipped({"x.npy": stream.getvalue(), "y.npy": b""}), "liar.npz")

    @pytest.mark.parametrize("y", [[0, 1, np.nan, np.inf], [[0.0], [1], [np.nan], [2]]])
    def test_y_that_is_not_finite_is_refused_with_its_sample(self, y):
        with pytest.raises(SampleError, match=r"'own\.npz', sample 3.* not finite, in y\."):
            read_samples(npz(x=np.zeros((4, 3)), y=y), "own.npz")

    @pytest.mark.parametrize(
        ("y", "said"),
        [
            ([0, 1, 2.5, 0.5], r"sample 3 has 2\.5 for a label"),
            ([[1, 0], [1, 1], [0, 0]], "sample 1 has several numbers for a label"),
        ],
    )
    def test_y_that_is_no_label_is_refused_with_its_sample(self, y, said):
        raw = read_samples(npz(x=np.zeros((len(y), 3)), y=y), "own.npz")
        with pytest.raises(SampleError, match=rf"own\.npz, {said}.*the task is 'values'"):
            prepare(raw, Preprocessing("none", (3,)), Labels(("0", "1", "2")))

    def test_y_that_names_nothing_is_refused_with_its_samples(self):
        data = npz(x=np.zeros((5, 3)), y=["a", "", "b", "NaN", "?"])
        with pytest.raises(SampleError, match=r"sample 2 has no label.*are wrong: 2, 4, 5\.$"):
            read_samples(data, "own.npz")

    def test_no_y_at_all_is_called_no_label(self):
        raw = read_samples(npz(x=np.zeros((2, 3))), "own.npz")
        with pytest.raises(SampleError, match=r"own\.npz, sample 1 has no label"):
            prepare(raw, Preprocessing("none", (3,)), Labels(("0", "1")))


class TestArraysInAZip:
    def saved(self, values):
        stream = io.BytesIO()
        np.save(stream, np.array(values, np.float32))
        return stream.getvalue()

    def test_whole_numbers_that_float32_rounds_are_told_of_targets_too(self):
        stream = io.BytesIO()
        np.save(stream, [16777217])
        raw = read_samples(
            zipped({"1.npy": self.saved([1, 2]), "1.target.npy": stream.getvalue()}), "mine.zip"
        )
        assert raw.notice.startswith("'1.target.npy' has whole numbers beyond")

    def test_sample_and_target_belong_together(self):
        data = zipped({
            "walk/1.npy": self.saved([1, 2]),
            "walk/1.target.npy": self.saved([0.25]),
            "walk/2.npy": self.saved([3, 4]),
        })  # fmt: skip
        raw = read_samples(data, "mine.zip")
        assert [item.tolist() for item in raw.items] == [[1, 2], [3, 4]]
        assert raw.labels == ("walk", "walk")
        assert raw.targets[0].tolist() == [0.25]
        assert raw.targets[1] is None
