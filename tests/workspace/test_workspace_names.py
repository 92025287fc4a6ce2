import pytest

from odt_core.errors import LabelError, WorkspaceError
from odt_core.workspace.names import clean_label, clean_note, clean_origin


class TestCleanLabel:
    def test_label_with_outer_and_doubled_spaces_is_trimmed(self):
        assert clean_label("  my   cat ") == "my cat"

    def test_decomposed_letters_become_one_character(self):
        assert clean_label("cafe\u0301") == "caf\u00e9"

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "   ",
            "\u0301",
            "\u200b",
            "a\x00b",
            "a\x1bb",
            "\u202etac",
            "../x",
            "a\\b",
            ".",
            "x" * 41,
            "\u200dcat",
            "cat\u200c",
            "a \u200d b",
        ],
    )
    def test_hostile_label_is_refused(self, name):
        with pytest.raises(LabelError):
            clean_label(name)

    @pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d🔬", "🏳️\u200d🌈"])
    def test_joiners_within_a_name_stay(self, name):
        assert clean_label(name) == name

    def test_markup_is_an_ordinary_name(self):
        assert clean_label("<b>=1+1") == "<b>=1+1"


class TestNotesAndOrigins:
    def test_note_keeps_line_ends_and_loses_control_characters(self):
        assert clean_note(" first\nsecond\x07 ", 500) == "first\nsecond"

    def test_note_that_is_too_long_is_refused(self):
        with pytest.raises(WorkspaceError, match="501 characters"):
            clean_note("x" * 501, 500)

    @pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\etc\\passwd", "passwd"])
    def test_origin_is_the_last_part_of_a_path(self, name):
        assert clean_origin(name) == "passwd"

    def test_long_origin_when_cleaned_then_keeps_both_ends(self):
        said = clean_origin(f"a/begins_{'x' * 100}_v2.final.tflite")
        assert len(said) == 80
        assert said.startswith("begins_x")
        assert said.endswith("x_v2.final.tflite")
        assert "…" in said
