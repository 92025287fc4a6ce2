"""What a backbone's own labels say about a person's words."""

import numpy as np
import pytest

from odt_core.bundled import ASSETS
from odt_core.errors import ModelError
from odt_core.evaluation import BaseLabels, backbone_answers, base_answers, load_base_labels

SMALL = BaseLabels(
    labels=("beagle", "pug", "tabby", "mug"),
    words={"dog": (0, 1), "pug": (1,), "cat": (2,), "mug": (3,), "animal": (0, 1, 2)},
)
IMAGENET = ASSETS / "models" / "imagenet.json"


def logits(*probabilities: float) -> np.ndarray:
    return np.log(np.array([probabilities], np.float32))


class TestClassesOf:
    @pytest.mark.parametrize("label", ["mug", "Mugs", "my red mug", "Anna's mug", "MUG 2", "a mug"])
    def test_label_when_it_is_a_known_word_in_other_form_is_found(self, label):
        assert SMALL.classes_of(label) == (3,)

    @pytest.mark.parametrize("label", [None, "", "no dog", "mug cake", "gummy bear", "blorb"])
    def test_label_when_it_is_another_word_is_nothing(self, label):
        assert SMALL.classes_of(label) == ()

    def test_label_when_above_several_stands_for_all_of_them(self):
        assert SMALL.classes_of("dogs") == (0, 1)


class TestBaseAnswers:
    def test_answers_when_all_labels_are_known_add_up_what_each_stands_for(self):
        found = base_answers(logits(0.2, 0.3, 0.1, 0.4), ["dog", "mug"], SMALL)
        assert found.probabilities == pytest.approx(np.array([[5 / 9, 4 / 9]]))
        assert found.share == pytest.approx([0.9])
        assert found.top.tolist() == [3]

    def test_answers_when_one_label_is_unknown_never_name_it(self):
        found = base_answers(logits(0.2, 0.3, 0.1, 0.4), ["blorb", None, "cat"], SMALL)
        assert found.probabilities.tolist() == [[0, 0, 1]]
        assert found.known.tolist() == [False, False, True]

    def test_answers_when_none_is_known_are_all_zero(self):
        found = base_answers(logits(0.2, 0.3, 0.1, 0.4), ["blorb"], SMALL)
        assert found.probabilities.tolist() == [[0]]
        assert not found.known.any()

    def test_label_of_two_words_counts_for_the_narrower(self):
        found = base_answers(logits(0.2, 0.3, 0.1, 0.4), ["dog", "pug"], SMALL)
        assert found.probabilities == pytest.approx(np.array([[0.4, 0.6]]))

    def test_scores_of_another_number_of_labels_raise(self):
        with pytest.raises(ModelError, match="4 labels"):
            base_answers(np.zeros((1, 3)), ["dog"], SMALL)


class TestBackboneAnswers:
    def test_answers_come_from_the_features_of_the_samples_in_any_number(self):
        class Model:
            def bottlenecks(self, x):
                return 2 * x

            def run(self, signature, **inputs):
                assert signature == "classify"
                return {"scores": inputs["bottleneck"]}

        x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
        found = backbone_answers(Model(), x, ["dog", "mug"], SMALL)
        assert found.top.tolist() == x.argmax(axis=1).tolist()
        assert backbone_answers(Model(), x[:0], ["dog"], SMALL).probabilities.shape == (0, 1)


class TestFile:
    def test_imagenet_has_a_thousand_labels_and_common_words(self):
        base = load_base_labels(IMAGENET)
        assert len(base.labels) == 1000
        assert [base.labels[k] for k in base.classes_of("coffee mug")] == ["coffee mug"]
        assert len(base.classes_of("dog")) > 100
        assert 0 < len(base.classes_of("cats")) < 20

    @pytest.mark.parametrize("word", ["person", "baby", "face", "woman", "scuba diver", "nurse"])
    def test_words_for_people_are_left_out(self, word):
        assert load_base_labels(IMAGENET).classes_of(word) == ()

    @pytest.mark.parametrize("text", ["", "{}", '{"labels": ["a"], "words": {"a": [1]}}', "[1]"])
    def test_file_that_cannot_be_used_raises(self, tmp_path, text):
        path = tmp_path / "labels.json"
        path.write_text(text)
        with pytest.raises(ModelError, match=r"labels\.json"):
            load_base_labels(path)
