"""The photo model that ships: its card, its file, and what it learns from a few real photos."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from odt_core import load_model
from odt_core.baking import bake
from odt_core.bundled import ASSETS, bundled_models, find_card
from odt_core.evaluation import backbone_answers, load_base_labels
from odt_core.evaluation.familiar import fit_familiar
from odt_core.graph import lower
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.tensor import dtype_of
from odt_core.samples import Samples, split
from odt_core.training import Settings, fit

PHOTOS = ASSETS / "models" / "photos.tflite"


@pytest.fixture(scope="module")
def model():
    return load_model(PHOTOS)


@pytest.fixture(scope="module")
def lowered():
    return lower(PHOTOS.read_bytes()).data


@pytest.fixture(scope="module")
def features(model):
    """Of 16 cuts of each of two real photos, and of 16 pictures of noise: [48, 1280]."""
    rng, pictures = np.random.default_rng(0), []
    for name in ("flower.jpg", "china.jpg"):
        photo = load_sample_image(name)
        for _ in range(16):
            side = int(rng.integers(250, 400))
            top, left = (int(rng.integers(0, size - side)) for size in photo.shape[:2])
            pictures.append(photo[top : top + side, left : left + side])
    pictures += [rng.integers(0, 256, (160, 160, 3)).astype(np.uint8) for _ in range(16)]
    ready = np.stack([model.preprocessing.apply(picture) for picture in pictures])
    return model.session().bottlenecks(ready)


class TestCard:
    def test_photo_model_ships_with_a_card_and_is_under_ten_megabytes(self):
        assert PHOTOS in bundled_models()
        assert PHOTOS.stat().st_size < 10_000_000
        card = find_card(PHOTOS)
        assert card.labels.names == (None,) * 32
        assert Settings.from_json(card.settings).replay == 0
        assert "Apache-2.0" in card.licence
        assert (ASSETS / "models" / "WORDNET-LICENSE.txt").is_file()

    def test_card_says_what_the_model_must_not_be_used_for(self):
        never = " ".join(find_card(PHOTOS).never_for)
        assert "people" in never
        assert "faces" in never

    def test_sets_of_photographs_are_real_small_and_of_known_authors(self, model):
        sets = model.card.load_people()
        assert {name: len(photos) for name, photos in sets.items()} == {
            "Hammer, pliers or tape measure": 20,
            "Dam, solar panel or windmill": 18,
            "Building or fish": 20,
        }
        sources = (ASSETS / "photos" / "SOURCES.md").read_text("utf-8")
        files = [path for path in (ASSETS / "photos").rglob("*.jpg")]
        assert len(files) == 58
        assert sum(path.stat().st_size for path in files) < 700_000
        for path in files:
            name = path.relative_to(ASSETS / "photos").as_posix()
            (row,) = [line for line in sources.splitlines() if line.startswith(f"| {name} |")]
            assert "| CC0-1.0 |" in row or "| Public Domain |" in row
        assert all(
            max(item.shape) <= 256 and len(set(photos.labels)) >= 2
            for photos in sets.values()
            for item in photos.items
        )

    def test_preprocessing_is_that_of_the_backbone(self, model):
        grey = model.preprocessing.apply(np.full((50, 80, 3), 255, np.uint8))
        assert grey.shape == (160, 160, 3)
        assert grey == pytest.approx((255 - 127) / 128)


class TestFile:
    def test_signatures_are_those_of_the_personalisation_sample_and_the_state_pair(self, model):
        table = {s.name: s for s in model.description.signatures}
        takes = {name: {i.name for i in s.inputs} for name, s in table.items()}
        gives = {name: {o.name for o in s.outputs} for name, s in table.items()}
        assert takes["load"] == {"feature"}
        assert gives["load"] == {"bottleneck"}
        assert takes["train"] == {"bottleneck", "label"}
        assert gives["train"] == {"loss"}
        assert takes["infer"] == {"feature"}
        assert gives["infer"] == {"output", "logits"}
        assert {"initialize", "odt_get_state", "odt_set_state"} <= set(table)
        assert model.contract.keeps_features

    def test_backbone_knows_a_flower_from_a_palace(self, model, features):
        base = load_base_labels(model.card.base_labels)
        session = model.session()
        found = backbone_answers(session, features[:32], ["flower", "palace"], base)
        assert found.known.all()
        right = found.probabilities.argmax(axis=1) == np.repeat([0, 1], 16)
        assert right.mean() >= 0.9


def depthwise_kernels(data):
    """(dtype, buffer) of the kernel of each depthwise convolution."""
    tree = read(data)
    kernels = [
        graph.tensors[inputs_of(operator)[1]]
        for graph in tree.subgraphs
        for operator in graph.operators
        if name_of(tree, operator) == "DEPTHWISE_CONV_2D"
    ]
    return [
        (dtype_of(kernel.type), kernel.buffer)
        for kernel in kernels
        if tree.buffers[kernel.buffer].data is not None
    ]


class TestRewritten:
    """LiteRT 1.1.2 to 1.3.0 do not run the file as it is: its depthwise kernels are float16."""

    def test_lowered_model_has_float32_depthwise_kernels(self, lowered):
        assert [dtype for dtype, _ in depthwise_kernels(lowered)] == [np.float32] * 32

    @pytest.mark.parametrize(("inference_only", "count"), [(False, 32), (True, 16)])
    def test_baked_model_has_float32_depthwise_kernels(self, model, inference_only, count):
        state = model.session().state()
        baked = bake(PHOTOS.read_bytes(), state, inference_only=inference_only, signature="infer")
        assert [dtype for dtype, _ in depthwise_kernels(baked)] == [np.float32] * count

    def test_kernels_that_two_signatures_have_alike_are_in_the_file_once(self, lowered):
        assert len({buffer for _, buffer in depthwise_kernels(lowered)}) == 16


class TestLearning:
    def test_new_labels_are_learnt_from_five_photos_and_a_third_later_leaves_them(
        self, model, features
    ):
        session = model.session()
        y = np.repeat([0, 1, 2], 16)
        few = np.concatenate([np.arange(5) + 16 * k for k in range(3)])
        test = np.setdiff1d(np.arange(48), few)
        two, three = (model.card.labels.extended(names) for names in (["a", "b"], ["a", "b", "c"]))
        fit(session, Samples(features[few[:10]], y[few[:10]], two))
        first = test[y[test] < 2]
        assert (session.predict_proba(features[first], two).argmax(axis=1) == y[first]).all()
        fit(session, Samples(features[few], y[few], three))
        answers = session.predict_proba(features[test], three)
        assert (answers.argmax(axis=1) == y[test]).all()
        assert answers[:, 3:].max() == 0

    def test_set_of_photographs_is_learnt_from_its_training_part(self, model):
        mine, test = split(model.prepare(model.card.load_people()["Building or fish"]), share=0.5)
        session = model.session()
        fit(session, mine)
        answers = session.predict_proba(test.x, test.labels).argmax(axis=1)
        assert (answers == test.y).mean() >= 0.9

    def test_noise_is_unknown_beside_photos_and_photos_are_not(self, features):
        known = np.r_[0:10, 16:26]
        familiar = fit_familiar(features[known], np.repeat([0, 1], 10))
        assert familiar.is_unknown(features[32:]).all()
        assert familiar.is_unknown(features[np.r_[10:16, 26:32]]).mean() <= 0.25
