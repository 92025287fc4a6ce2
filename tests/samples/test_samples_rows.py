"""Tables as spreadsheets and programs of many countries save them."""

from __future__ import annotations

import tracemalloc

import pytest

from odt_core.errors import SampleError
from odt_core.samples import RawSamples, read_samples
from odt_core.samples.table import read_table


def read(data: str | bytes) -> RawSamples:
    data = data if isinstance(data, bytes) else data.encode()
    return read_table(data, "m.csv", input_shape=(2,))


class TestForms:
    @pytest.mark.parametrize(
        "text",
        [
            "sep=;\r\n1,5;2;x\r\n3;4;y\r\n",
            '"sep=|"\n1.5|2|x\n3|4|y\n',
            "sep=\t\na\tb\tc\n1.5\t2\tx\n3\t4\ty\n",
            "# measured, today\n#\n1.5,2,x\n3,4,y\n",
            "\n # one\r\n\r\n1.5,2,x\r\n3,4,y\r\n",
            "# one, two\na,b,c\n1.5,2,x\n3,4,y\n",
            "sep=,\n# one\n1.5,2,x\n3,4,y\n",
            "1.5 , 2 , x\n3 , 4 , y\n",
            '"1,5","2","x"\n"3","4","y"\n',
            "1.5,2,x,\n3,4,y,\n",
            "a;b;c;\n1,5;2;x;\n3;4;y;\n",
            '"a\n(m)",b,c\n1.5,2,x\n3,4,y\n',
        ],
    )
    def test_any_usual_form_is_read_the_same(self, text):
        raw = read(text)
        assert [item.tolist() for item in raw.items] == [[1.5, 2], [3, 4]]
        assert raw.labels == ("x", "y")

    @pytest.mark.parametrize("header", ["# label,a,b", "#,a,b,c"])
    def test_remark_that_names_the_columns_is_their_header(self, header):
        lines = "7,1,2\n8,3,4\n" if "label" in header else "1,1,2,7\n2,3,4,8\n"
        raw = read(f"# of today\n{header}\n{lines}")
        assert [item.tolist() for item in raw.items] == [[1, 2], [3, 4]]
        assert raw.labels == ("7", "8")
        assert raw.names == ("m.csv, line 3", "m.csv, line 4")

    def test_minus_that_is_no_hyphen_is_one(self):
        assert read("−5,−2.5e−1,x\n").items[0].tolist() == [-5, -0.25]
        assert read("−5;−2,5;x\n").items[0].tolist() == [-5, -2.5]

    def test_delimiter_at_the_end_of_some_lines_only_is_refused(self):
        with pytest.raises(SampleError, match="line 2 has 3 columns, line 1 has 4"):
            read("1,2,x,\n3,4,y\n")

    def test_nothing_but_remarks_and_delimiters_is_empty(self):
        for text in ("# a\n", "sep=;\n", ",,,\n", "# a\n\n"):
            with pytest.raises(SampleError, match="is empty"):
                read(text)


class TestLimits:
    @pytest.mark.parametrize(
        ("limit", "text", "said"),
        [
            ("MAX_COLUMNS", "1,2,3,4,5,x\n", "more than 3 columns"),
            ("MAX_COLUMNS", '1,"\n","\n","\n",x\n', "more than 3 columns"),
            ("MAX_CELLS", "1,2\n3,4\n", "more than 3 cells"),
            ("_MAX_BREAKS", "\n\n\n\n1,2,x\n", "more than 3 lines, blank ones among them"),
            ("_MAX_BREAKS", "#\r#\r#\r#\r1,2,x\r", "more than 3 lines, blank ones among them"),
        ],
    )
    def test_what_would_take_much_memory_is_refused(self, monkeypatch, limit, text, said):
        monkeypatch.setattr(f"odt_core.samples.rows.{limit}", 3)
        with pytest.raises(SampleError, match=f"'m.csv' has {said}"):
            read(text)

    def test_spaces_that_align_columns_are_none_themselves(self, monkeypatch):
        monkeypatch.setattr("odt_core.samples.rows.MAX_COLUMNS", 3)
        raw = read("  1.5    2   x\n  3      4   y\n")
        assert [item.tolist() for item in raw.items] == [[1.5, 2], [3, 4]]

    def test_line_of_too_many_columns_costs_little_more_than_its_text(self):
        data = b"1," * 2_000_000
        tracemalloc.start()
        with pytest.raises(SampleError, match="more than 200,000 columns"):
            read(data)
        assert tracemalloc.get_traced_memory()[1] < 15 * len(data)  # a cell each: over 60
        tracemalloc.stop()


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
    def test_utf_is_told_with_and_without_its_mark(self, encoding):
        raw = read("1,2,Übung\n3,4,run\n".encode(encoding))
        assert raw.labels == ("Übung", "run")
        assert raw.items[1].tolist() == [3, 4]

    def test_what_excel_writes_in_western_europe_is_read(self):
        assert read("1,2,s€t’s\n3,4,é\n".encode("cp1252")).labels == ("s€t’s", "é")

    def test_bytes_of_no_known_encoding_say_what_to_save(self):
        with pytest.raises(
            SampleError, match=r"can be told\. Save it in UTF-8 \(in Excel: CSV UTF"
        ):
            read(b"1,2,\x81\x8d\n")

    @pytest.mark.parametrize(
        ("text", "encoding", "told"),
        [
            ("1,2,кот\n3,4,кот\n5,6,x\n", "cp1251", "Windows-1252: êîò. If that is wrong, save"),
            ("a,Größe,label\n1,2,x\n", "cp1252", "Windows-1252: Größe. If"),
            ("1,2,ä\n1,2,ö\n1,2,ü\n1,2,ß\n", "cp1252", "Windows-1252: ä, ö, ü, …. If"),
            ("1,2,狗\n", "gbk", "Windows-1252: ¹·. If"),
            ("1,2,x\n", "cp1252", ""),
            ("1,2,Größe\n", "utf-8", ""),
            ("1,2,Größe\n", "utf-16", ""),
        ],
    )
    def test_words_in_an_encoding_that_is_guessed_are_told(self, text, encoding, told):
        notice = read(text.encode(encoding)).notice
        assert (told in notice) if told else not notice

    def test_words_of_a_window_are_told(self):
        raw = read_samples("Höhe,b\n1,2\n3,4\n".encode("cp1252"), "run.csv", input_shape=(2, 2))
        assert "as Windows-1252: Höhe" in raw.notice

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [("長さ,b,c\n1,2,x\n", "cp932"), ("1,2,猫\n2,3,狗\n", "gbk")],
    )
    def test_what_is_no_word_in_the_encoding_that_is_guessed_is_refused(self, text, encoding):
        with pytest.raises(SampleError, match=r"as Windows-1252 it says '.*', which is no word"):
            read(text.encode(encoding))
