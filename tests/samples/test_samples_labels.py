import pytest

from odt_core.errors import LabelError
from odt_core.samples import Labels, labels
from odt_core.samples.labels import clean_label, folded, in_order, same_label


class TestLabels:
    def test_index_of_a_known_name_is_its_output(self):
        assert Labels(("cat", None, "dog")).index("dog") == 2

    def test_index_of_an_unknown_name_raises_and_lists_what_there_is(self):
        with pytest.raises(LabelError, match=r"no label 'cow'.*cat, dog"):
            Labels(("cat", None, "dog")).index("cow")

    def test_extended_puts_new_names_on_free_outputs_in_order(self):
        labels = Labels(("0", "1", None, None)).extended(["1", "heart", "star", "heart"])
        assert labels.names == ("0", "1", "heart", "star")

    def test_extended_when_no_output_is_left_raises(self):
        with pytest.raises(LabelError, match="none left for 'star'"):
            Labels(("0", None)).extended(["heart", "star"])

    @pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a/b", "..", "a\x00b"])
    def test_extended_when_a_name_cannot_be_used_raises(self, name):
        with pytest.raises(LabelError):
            Labels((None,)).extended([name])

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("left/right", "'/' cannot be in a name. Take it out of 'left/right'."),
            ("C\\D", "'\\' cannot be in a name. Take it out of 'C\\D'."),
            ("it's a/b", "'/' cannot be in a name. Take it out of 'it's a/b'."),
            (
                "a\x00b",
                "An invisible character (U+0000) cannot be in a name. Take it out of 'a\ufffdb'.",
            ),
            ("..", "'..' cannot be a name. Use a letter, digit or symbol in it."),
        ],
    )
    def test_name_that_cannot_be_used_is_shown_letter_for_letter_with_what_is_wrong(
        self, name, said
    ):
        with pytest.raises(LabelError) as refused:
            clean_label(name)
        assert str(refused.value) == said

    def test_the_same_name_twice_raises(self):
        with pytest.raises(LabelError, match="'a' is there twice"):
            Labels(("a", "b", "a"))

    def test_names_of_an_earlier_checkpoint_may_be_in_nfd(self):
        assert Labels(("E\u0301cran",)).names == ("\u00c9cran",)

    def test_a_name_is_the_same_label_in_nfc_and_nfd(self):
        with pytest.raises(LabelError, match="'\u00e9' is there twice"):
            Labels(("\u00e9", "e\u0301"))
        labels = Labels(("e\u0301", None))
        assert labels.index("\u00e9") == labels.index("e\u0301") == 0
        assert labels.extended(["\u00e9", "e\u0301"]) == labels == Labels(["\u00e9", None])

    def test_names_that_a_person_takes_for_one_another_are_one_label(self):
        labels = Labels(("7", None, None, None)).extended(["7 ", "\uff17", "Heart", "heart"])
        assert labels.names == ("7", "Heart", None, None)
        assert [labels.index(name) for name in ("\uff17", "heart")] == [0, 1]
        assert labels.of(["heart"]).names == (None, "Heart", None, None)

    def test_each_of_many_names_is_folded_a_few_times_and_not_with_each_other(self, monkeypatch):
        seen = []
        monkeypatch.setattr(labels, "folded", lambda name: (seen.append(name), folded(name))[1])
        names = [f"class {k}" for k in range(300)]
        named = Labels.numbered(301).named_after(names)
        assert named.extended(["new"]).of(map(str.upper, names)).names[:300] == named.names[:300]
        assert len(seen) < 10 * 300

    def test_names_that_the_model_itself_tells_apart_stay_two(self):
        labels = Labels(("A", "a", None))
        assert labels.extended(["a", "A"]) == labels
        assert [labels.index(name) for name in ("A", "a")] == [0, 1]

    @pytest.mark.parametrize("names", [(1, 2), (b"a",), ("a", ("b",))])
    def test_names_that_are_no_text_raise(self, names):
        with pytest.raises(LabelError, match="name of an output comes as text"):
            Labels(names)

    def test_used_marks_named_outputs(self):
        assert Labels(("0", None, "heart")).used.tolist() == [True, False, True]

    def test_called_when_nobody_named_it_counts_outputs_from_0(self):
        labels = Labels(("cat", None, None))
        assert [labels.called(output) for output in range(3)] == ["cat", "output 1", "output 2"]

    def test_numbered(self):
        assert Labels.numbered(3).names == ("0", "1", "2")

    def test_names_of_the_base_fill_the_outputs_that_have_none(self):
        base = Labels(("zero", "one", "two", None))
        own = Labels(("zero", None, "heart", "star"))
        assert own.with_those_of(base).names == ("zero", "one", "heart", "star")
        assert Labels((None, "zero", None, None)).with_those_of(base).names == (
            "zero 2", "zero", "two", None,
        )  # fmt: skip
        assert own.with_those_of(Labels(("a",))) is own
        taken = Labels(("cat", "cat 2", None)).with_those_of(Labels(("q", "r", "cat")))
        assert taken.names == ("cat", "cat 2", "cat 3")


class TestSameLabel:
    @pytest.mark.parametrize(
        ("one", "other"),
        [("Cat", "cAT"), ("straße", "STRASSE"), ("①", "1"), ("ﬁn", "FIN"), ("ab", "a\u200db")],
    )
    def test_names_that_differ_in_case_or_form_are_the_same(self, one, other):
        assert same_label(one, other)

    def test_different_names_are_not_the_same(self):
        assert not same_label("cat", "cats")


class TestNamedAfter:
    @pytest.mark.parametrize(
        ("found", "names"),
        [
            (["owl", "cat"], ("cat", "owl", None, None)),
            (["4", "1", "3", "2"], ("1", "2", "3", "4")),
            (["7", "3"], ("3", "7", None, None)),
            (["Owl", "cat", "Cat"], ("Cat", "Owl", None, None)),
            (["A", "B", "a", "b"], ("A", "B", "a", "b")),
            (["\uff11", "3"], ("0", "1", "2", "3")),
            (["1", "-1", "0"], ("-1", "0", "1", None)),
            (["1", "3"], ("0", "1", "2", "3")),
            (["a", "A", "b", "B", "c", "d"], ("A", "B", "c", "d")),
            ([], ("0", "1", "2", "3")),
        ],
    )
    def test_outputs_without_names_take_those_of_the_samples(self, found, names):
        assert Labels.numbered(4).named_after(found).names == names

    def test_labels_that_read_the_same_are_told_where_they_are_kept_apart(self, caplog):
        Labels.numbered(3).named_after(["Heart", "heart", "Star"])
        assert "Labels that read the same as others ('heart') are kept apart" in caplog.text

    def test_two_outputs_are_minus_one_and_one(self):
        assert Labels.numbered(2).named_after(["-1"]).names == ("-1", "1")
        assert Labels.numbered(2).named_after(["1", "-1"]).names == ("-1", "1")

    def test_outputs_that_have_names_keep_them(self):
        labels = Labels(("cat", "1", None))
        assert labels.named_after(["3", "7"]) is labels

    def test_words_beside_numbers_of_outputs_are_refused(self):
        labels = Labels.numbered(4).named_after(["3", "heart"])
        assert labels == Labels.numbered(4)
        with pytest.raises(LabelError, match=r"4 outputs have numbers for names, 0 to 3.*'heart'"):
            labels.extended(["3", "heart"])

    @pytest.mark.parametrize("found", [list("abcde"), list("01234")])
    def test_more_labels_than_outputs_are_refused(self, found):
        message = f"4 outputs for the 5 labels of the samples: there is none left for '{found[4]}'"
        with pytest.raises(LabelError, match=message):
            Labels.numbered(4).named_after(found)


class TestCountedFrom0:
    def test_numbers_without_0_are_told(self):
        assert Labels.numbered(3).counted_from_0(["2", "1", "2"]) == (
            "Nobody has named the model's 3 outputs: the samples' labels (1, 2) are taken for "
            "numbers of outputs, counted from 0."
        )

    @pytest.mark.parametrize("found", [["0", "2"], ["2", "cat"], []])
    def test_nothing_is_told_of_others(self, found):
        assert Labels.numbered(3).counted_from_0(found) == ""

    def test_nothing_is_told_of_names(self):
        assert Labels(("1", "2", "3")).counted_from_0(["1", "2"]) == ""


def test_in_order_is_the_same_whatever_order_a_set_has():
    assert in_order(["10", "cat", "2", "02", "2", "ant"]) == ["02", "2", "10", "ant", "cat"]
