"""Tables as JSON, and tables packed with gzip."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given

from odt_core.errors import SampleError
from odt_core.samples import read_samples
from odt_core.samples.packed import unpacked
from tests.hostile.damage import damaged

RECORDS = [{"a": 1, "b": 2.5, "label": "walk"}, {"a": -3e-1, "b": 4, "label": "run"}]
LABELLED = {"label": {"1": "run", "0": "walk"}}
COLUMNS = {"a": [1, -0.3], "b": [2.5, 4], "label": ["walk", "run"]}


def packed(data: bytes) -> bytes:
    """The same bytes each time: the usual time of packing would be part of a test's name."""
    return gzip.compress(data, mtime=0)


def as_json(table: object) -> bytes:
    return json.dumps(table).encode()


def read(data: bytes, name: str = "m.json", shape=(2,), **options):
    return read_samples(data, name, input_shape=shape, **options)


class TestForms:
    @pytest.mark.parametrize("label", ["label", "species"])
    def test_names_that_are_numbers_are_no_sample(self, label):
        raw = read(as_json([{"400": 0.5, "410": 2, label: "a"}, {"400": 1, "410": 3, label: "b"}]))
        assert [item.tolist() for item in raw.items] == [[0.5, 2], [1, 3]]
        assert raw.labels == ("a", "b")

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("m.json", as_json(RECORDS)),
            ("m.JSON", b"\xef\xbb\xbf" + json.dumps(RECORDS, indent=2).encode()),
            ("m.json", as_json(COLUMNS)),
            ("m.json", as_json({k: dict(enumerate(v)) for k, v in COLUMNS.items()})),
            ("m.json", as_json({"a": {"0": 1, "1": -0.3}, "b": {"1": 4, "0": 2.5}} | LABELLED)),
            ("m.json", as_json(dict(enumerate(RECORDS)))),
            ("m.json", as_json({f"p{at}": record for at, record in enumerate(RECORDS)})),
            ("m.json", as_json({k: {"p0": v[0], "p1": v[1]} for k, v in COLUMNS.items()})),
            ("m.json", json.dumps(RECORDS).encode("utf-16")),
            ("m.json", as_json({"columns": [*COLUMNS], "data": [[*r.values()] for r in RECORDS]})),
            ("m.json", as_json([list(record.values()) for record in RECORDS])),
            ("m.json", as_json([{"x": [r["a"], r["b"]], "y": r["label"]} for r in RECORDS])),
            ("m.jsonl", b"\r\n".join(map(as_json, RECORDS)) + b"\r\n\r\n"),
            ("m.ndjson", b"\n".join(as_json(dict(reversed(r.items()))) for r in RECORDS)),
            ("m.json.gz", packed(as_json(RECORDS))),
            ("m.csv.gz", packed(b"a,b,label\n1,2.5,walk\n-0.3,4,run\n")),
            ("m.CSV.GZ", packed(b"a;b\n1;2,5\n") + packed(b"-0,3;4,0\n")),
        ],
    )
    def test_any_of_them_is_the_same_table(self, name, data):
        raw = read(data, name)
        expected = np.array([[1, 2.5], [-0.3, 4]], np.float32)
        if name == "m.ndjson":  # columns stand as the records have them
            expected = expected[:, ::-1]
        assert np.array_equal(raw.items, expected)
        assert raw.labels == (("", "") if name == "m.CSV.GZ" else ("walk", "run"))

    def test_targets_and_inputs_have_their_columns_by_name(self):
        data = as_json([{"rated": 4, "mood": [0.5, 1], "film": 7}])
        raw = read(data, shape=(3,), target_shape=(1,), inputs={"film": 1, "mood": 2})
        assert raw.items[0].tolist() == [7, 0.5, 1]
        assert raw.targets[0].tolist() == [4]

    def test_windows_are_rows_or_lie_in_records(self):
        window = [[0, 1], [2, 3], [4, 5], [6, 7]]
        for table in (window, {"aX": [0, 2, 4, 6], "aY": [1, 3, 5, 7]}, [{"x": window}]):
            raw = read(as_json(table), "punch.json", shape=(4, 2))
            assert raw.items[0].tolist() == window

    def test_index_of_as_many_records_as_columns_is_not_turned_on_its_side(self):
        table = {str(at): {"a": at, "b": 10 * at, "label": at % 2} for at in range(3)}
        assert read(as_json(table)).items[1].tolist() == [1, 10]

    def test_index_of_dates_is_told_by_the_kinds_of_values(self):
        days = [f"2024-01-0{k}" for k in range(1, 4)]
        table = {
            "length": dict(zip(days, [1.5, 2, 3], strict=True)),
            "width": dict(zip(days, [4, 5, 6], strict=True)),
            "species": dict(zip(days, ["a", "b", "a"], strict=True)),
        }
        raw = read(as_json(table))
        assert [item.tolist() for item in raw.items] == [[1.5, 4], [2, 5], [3, 6]]
        assert raw.labels == ("a", "b", "a")

    def test_line_of_one_record_is_one(self):
        raw = read(b'{"x": [1, 2], "label": ["a"]}\n', "m.jsonl")
        assert (raw.items[0].tolist(), raw.labels, raw.names) == (
            [1, 2],
            ("a",),
            ("m.jsonl, line 1",),
        )

    @pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\x0c"])
    def test_line_ends_where_json_says_so(self, sign):
        text = json.dumps({f"a{sign}": 1, "b": 2, "label": "x"}, ensure_ascii=False)
        assert read(f"{text}\n{text}\n".replace("\x0c", " ").encode(), "m.jsonl").labels == (
            "x",
            "x",
        )

    def test_words_in_an_encoding_that_is_guessed_are_told(self):
        raw = read('[{"a": 1, "b": 2, "label": "café"}]'.encode("latin-1"))
        assert raw.labels == ("café",)
        assert "as Windows-1252: café" in raw.notice

    def test_names_of_samples_say_what_was_counted(self):
        assert read(as_json(RECORDS)).names == ("m.json, record 1", "m.json, record 2")
        lines = b"\n".join([as_json(RECORDS[0]), b"", as_json(RECORDS[1])])
        assert read(lines, "m.jsonl").names == ("m.jsonl, line 1", "m.jsonl, line 3")


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "'m.json' is empty"),
            (b"[]", "is empty"),
            (b"[[], []]", "is empty"),
            (b"[{}]", "is empty"),
            (b"{", "is not JSON that can be read"),
            (b"\xff\xfe\xff", "is not JSON that can be read"),
            (b"3", "holds no table"),
            (b'{"a": 1}', "holds no table"),
            (b'{"a": [1], "b": [1, 2]}', "holds no table"),
            (b'{"columns": ["a"], "data": [[1, 2]]}', "holds no table"),
            (b'{"columns": ["a", "a"], "data": [[1, 2]]}', "two values .* are called 'a'"),
            (b'[{"a": 1, "a": 2, "b": 3}]', "two values of one record are called 'a'"),
            (b'{"a": {"0": 1, "2": 3}, "b": {"0": 10, "1": 20}}', "holds no table"),
            (b'{"p": {"a": 1, "b": 2}, "q": {"a": 3, "b": 4}}', "'p' may be a column or a record"),
            (b'{"0": {"0": 1, "1": 2}, "1": {"0": 3, "1": 4}}', "'0' may be a column or a record"),
            (
                b'[{"x": [1, 2], "z": [3]}, {"x": [4], "z": [5, 6]}]',
                "record 2 has as many values as the first, but not in the same columns",
            ),
            (b"[[[[1, 2], [3]]], [[[1], [2, 3]]]]", "record 2 .* not in the same columns"),
            (b"[1, 2]", "record 1, holds what is no number"),
            (b'[{"a": {"b": 1}}]', "record 1, holds what is no number"),
            (b'[{"a": 1, "b": 2}, {"a": 1, "c": 2}]', "record 2, holds .* other names"),
            (b"[[1, 2], [1, 2, 3]]", "record 2 has 3 values, the first 2"),
            (b'[[1, null, "x"]]', "record 1, column 2: the cell is empty"),
            (b'[[1, 1e999, "x"]]', "record 1, column 2: inf is not a finite number"),
            (b'[[1, NaN, "x"]]', "record 1, column 2: nan is not a finite number"),
            (b'[{"a": 1, "b": "two"}]', "record 1, column 2: 'two' is not a number"),
            (b"[" * 100_000, "is not JSON"),
            (b"[" * 500 + b"1" + b"]" * 500, "holds what is no number"),
            (b"[[" + b"9" * 5_000 + b", 1]]", "is not JSON"),
        ],
    )
    def test_what_is_no_table_is_told(self, data, said):
        with pytest.raises(SampleError, match=said):
            read(data)

    def test_much_of_it_is_refused(self, monkeypatch):
        with pytest.raises(SampleError, match="more than 50,000 records"):
            read(as_json([[1, 2]] * 50_001))
        monkeypatch.setattr("odt_core.samples.records.MAX_BYTES", 10)
        with pytest.raises(SampleError, match="the limit for JSON is 0 MB"):
            read(as_json(RECORDS))

    @pytest.mark.parametrize("table", [[{"x": [1] * 300_000}], [[1] * 300_000]])
    def test_more_columns_than_a_table_may_have_are_refused(self, table):
        with pytest.raises(SampleError, match="more than 200,000 columns"):
            read(as_json(table))

    @given(damaged(as_json(RECORDS)))
    def test_json_when_damaged_is_read_or_refused(self, data):
        try:
            raw = read(data)
        except SampleError:
            return
        assert all(item.shape == (2,) and np.isfinite(item).all() for item in raw.items)


class TestPacked:
    def test_bomb_costs_no_more_than_may_be_read(self):
        data = zlib.compressobj(9, wbits=31)
        bomb = b"".join(data.compress(bytes(10**6)) for _ in range(300)) + data.flush()
        tracemalloc.start()
        with pytest.raises(SampleError, match="unpacks to more than 1 MB"):
            unpacked(bomb, "m.csv.gz", 10**6)
        assert tracemalloc.get_traced_memory()[1] < 5 * 10**6
        tracemalloc.stop()

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "is cut short"),
            (packed(b"1,2\n")[:-1], "is cut short"),
            (b"1,2\n", "is damaged"),
            (packed(b"1,2\n") + b"more", "is damaged"),
            (packed(b"") * 2_000, "too many parts"),
        ],
    )
    def test_what_is_no_packed_file_is_told(self, data, said):
        with pytest.raises(SampleError, match=said):
            read(data, "m.csv.gz")

    def test_padding_behind_is_no_part(self):
        assert unpacked(packed(b"1") + bytes(9), "m.csv.gz", 10) == b"1"

    @given(damaged(packed(b"1,2,walk\n" * 9)))
    def test_packed_table_when_damaged_is_read_or_refused(self, data):
        try:
            raw = read(data, "m.csv.gz")
        except SampleError:
            return
        assert {item.shape for item in raw.items} == {(2,)}
