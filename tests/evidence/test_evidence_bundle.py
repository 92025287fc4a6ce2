"""What a bundle holds, and that nothing in it is more than text."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import zipfile
from copy import deepcopy
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from evidence_cases import MODEL, train
from PIL import Image

from odt_core.checkpoint import load_checkpoint, save_checkpoint
from odt_core.errors import CheckpointError, ModelError
from odt_core.evaluation import compare, fit_temperature, weight_changes, wilson
from odt_core.evaluation.leaks import trained_earlier
from odt_core.evidence import Curves
from odt_core.evidence.cards import readable_files
from odt_core.evidence.inside import Inside
from odt_core.evidence.sections import personalisation_sections
from odt_core.runtime import load_model
from odt_core.samples import Labels
from odt_core.training import Outcome

NASTY = (
    "<script>alert(1)<",
    "=HYPERLINK(1)",
    "|a|`b`[c](d)",
    "' onload='x' \"y\"",
)


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def engine_modules(code: bytes) -> set[str]:
    """The modules of odt_core that a file imports when it runs: not those in types alone."""
    found, nodes = set(), [ast.parse(code)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "odt_core":
            names = {alias.name for alias in node.names} - {"__version__"}
            found |= {f"odt_core.{name}" for name in names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
        nodes += ast.iter_child_nodes(node)
    return {module for module in found if module.split(".")[0] == "odt_core"}


@pytest.fixture(scope="module")
def files(packed) -> dict[str, bytes]:
    return files_of(packed)


@pytest.fixture(scope="module")
def card(files) -> dict:
    return json.loads(files["personalisation-card.json"])


@pytest.mark.usefixtures("without_charts")
@pytest.mark.parametrize("there", [True, False])
def test_setting_of_replay_is_told_only_where_base_samples_were_there(trained, there):
    given = {} if there else {"replay": None}
    text = files_of(trained.bundle(**given))["personalisation-card.md"].decode()
    assert ("\n| replay |" in text) == there


class TestZip:
    def test_equal_inputs_give_equal_bytes(self, trained, packed):
        assert trained.bundle() == packed

    def test_times_and_order_are_fixed(self, packed):
        entries = zipfile.ZipFile(io.BytesIO(packed)).infolist()
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert [entry.filename for entry in entries] == sorted(e.filename for e in entries)

    def test_every_file_has_its_digest(self, files):
        lines = files["SHA256SUMS"].decode().splitlines()
        listed = dict(reversed(line.split("  ", 1)) for line in lines)
        assert set(listed) == set(files) - {"SHA256SUMS"}
        for name, digest in listed.items():
            assert hashlib.sha256(files[name]).hexdigest() == digest

    def test_everything_promised_is_there(self, files):
        promised = {
            "README.txt", "index.html", "charts.html", "model-card.json", "model-card.md",
            "personalisation-card.json", "personalisation-card.md", "models/base.tflite",
            "models/personalised.tflite", "models/personalised-predicts.tflite",
            "weights/checkpoint.safetensors", "samples/train/x.npy", "samples/test/y.npy",
            "samples/replay/x.npy", "runs/steps.csv", "reproduce.py", "requirements.txt",
            "charts/gain.png", "charts/loss.png", "charts/progress.png", "charts/samples.png",
            "charts/confusion-test.png", "charts/calibration-test.png", "charts/labels-test.png",
        }  # fmt: skip
        assert promised <= set(files)

    def test_sources_leave_out_what_is_not_needed(self, files):
        rooms = {name.split("/")[2] for name in files if name.startswith("software/odt_core/")}
        assert "training" in rooms
        assert not rooms & {"authoring", "cli", "workspace"}

    def test_sources_import_nothing_that_is_left_out(self, files):
        modules = {
            name.removeprefix("software/").removesuffix(".py").removesuffix("/__init__")
            for name in files
            if name.startswith("software/")
        }
        code = {name: content for name, content in files.items() if name.endswith(".py")}
        assert len(code) > 200
        for name, content in code.items():
            wanted = {module.replace(".", "/") for module in engine_modules(content)}
            assert wanted <= modules, name

    def test_readme_names_no_file_that_is_missing(self, files):
        text = files["README.txt"].decode()
        for name in re.findall(r"^([\w./-]+\.\w+)", text, re.M):
            assert name in files


class TestContents:
    def test_samples_are_the_exact_arrays(self, files, trained):
        got = np.load(io.BytesIO(files["samples/train/x.npy"]))
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, trained.own.x)
        np.testing.assert_array_equal(
            np.load(io.BytesIO(files["samples/train/y.npy"])), trained.own.y
        )

    @pytest.mark.usefixtures("without_charts")
    def test_card_says_that_nothing_was_replayed_where_there_was_nothing(self, card, trained):
        assert card["training"]["settings"]["replay"] == 0.25
        with zipfile.ZipFile(io.BytesIO(trained.bundle(replay=None))) as packed:
            alone = json.loads(packed.read("personalisation-card.json"))
        assert alone["training"]["settings"]["replay"] == 0

    def test_card_says_why_there_is_no_matrix(self, trained, monkeypatch):
        monkeypatch.setattr("odt_core.evidence.charts.chosen.MOST_LABELS", 1)
        with zipfile.ZipFile(io.BytesIO(trained.bundle())) as packed:
            text = packed.read("personalisation-card.md").decode()
        assert "No confusion matrix: it has room for 120 labels." in text

    def test_card_names_digests_of_model_and_samples(self, card, trained):
        assert card["model"]["sha256"] == hashlib.sha256(MODEL.read_bytes()).hexdigest()
        first = hashlib.sha256(trained.own.x[0].tobytes()).hexdigest()
        assert card["samples"]["train"]["sha256"][0] == first
        assert card["samples"]["train"]["n"] == 18

    def test_card_has_accuracy_with_interval_and_the_paired_test(self, card, trained):
        judged = trained.judged(trained.test)
        own = card["results"]["test"]["own"]
        assert own["correct"] == judged.own.correct
        assert own["interval"] == list(wilson(judged.own.correct, 30))
        change = compare(judged.base, judged.own)
        assert card["results"]["test"]["comparison"]["fixed"] == change.fixed.tolist()
        assert card["results"]["test"]["comparison"]["p_value"] == change.p_value
        assert 0 <= own["calibration"]["expected_calibration_error"] <= 1

    def test_card_has_versions_and_no_machine_name(self, card):
        assert card["versions"]["numpy"] == np.__version__
        assert {"odt", "python", "ai-edge-litert", "machine"} <= set(card["versions"])

    def test_which_model_files_are_compared_is_told_in_the_same_words(self, files):
        for name in ("README.txt", "personalisation-card.md"):
            told = " ".join(files[name].decode().replace("\\", "").split())
            assert "the personalised .tflite files that are there" in told

    def test_base_figures_of_an_untrained_head_are_told_from_what_a_backbone_knows(self, card):
        head = "whose head is untrained and answers by chance"
        about = card["reproduce"]["card"]
        assert head not in readable_files(card, about)["personalisation-card.md"].decode()
        of_photos = {**card["reproduce"], "card": {**about, "base_labels": "models/imagenet.json"}}
        said = readable_files({**card, "reproduce": of_photos}, about)
        assert head in said["personalisation-card.md"].decode()
        assert head in said["index.html"].decode()

    def test_people_read_the_sentence_of_the_paired_test(self, files, trained):
        judged = trained.judged(trained.test)
        sentence = compare(judged.base, judged.own).sentence
        assert sentence in unescape(files["index.html"].decode())
        assert sentence in unescape(files["personalisation-card.md"].decode())

    def test_texts_for_people_come_out_again_from_the_card_for_programs(self, files, card):
        texts = readable_files(card, card["reproduce"]["card"])
        assert {*texts} == {"index.html", "personalisation-card.md", "model-card.md"}
        assert texts == {name: files[name] for name in texts}

    def test_baked_model_answers_as_the_personalised_one(self, files, trained):
        session = load_model(files["models/personalised.tflite"]).session()
        np.testing.assert_array_equal(
            session.infer(trained.test.x), trained.session.infer(trained.test.x)
        )

    def test_every_step_is_in_the_table(self, files, trained):
        lines = files["runs/steps.csv"].decode().splitlines()
        assert lines[0].startswith("step,epoch,loss")
        assert len(lines) == 1 + len(trained.history.records)
        assert all(re.fullmatch(r"[-+.,e\dinfa]*", line) for line in lines[1:])

    def test_steps_that_were_not_kept_are_counted_and_not_said_to_be_there(self, files, trained):
        some = tuple(one for one in trained.history.records if one.step % 3 == 0)
        curves = Curves(some, (), Outcome.FINISHED, "Done.")
        found = files_of(trained.bundle(curves=curves))
        steps = trained.history.steps
        told = f"runs/steps.csv has {len(some)} of the {steps} steps."
        assert told in found["personalisation-card.md"].decode()
        assert f"{steps} steps." in unescape(found["charts.html"].decode())
        assert "runs/steps.csv has every step." in files["personalisation-card.md"].decode()

    @pytest.mark.usefixtures("without_charts")
    def test_loss_that_no_model_reported_is_left_open(self, trained):
        silent = tuple(one._replace(loss=float("nan")) for one in trained.history.records)
        files = files_of(trained.bundle(curves=Curves(silent, (), Outcome.FINISHED, "Done.")))
        assert files["runs/steps.csv"].decode().splitlines()[1].startswith("1,0,,")

    def test_pictures_are_whole(self, files):
        for name, content in files.items():
            if name.endswith(".png"):
                with Image.open(io.BytesIO(content)) as picture:
                    picture.load()
                    assert picture.width == 1600


class TestLimits:
    @pytest.mark.usefixtures("without_charts")
    def test_best_checkpoint_of_a_run_is_told_to_be_chosen_on_its_test_samples(self, trained):
        best = next(one for one in trained.saved if one.meta.note == "best")
        told = "These weights did best on their run's test samples."
        page = files_of(trained.bundle(checkpoint_file=save_checkpoint(best)))["index.html"]
        assert told in unescape(page.decode())
        assert told not in unescape(files_of(trained.bundle())["index.html"].decode())

    @pytest.mark.usefixtures("without_charts")
    def test_gain_over_an_untrained_head_is_said_to_be_one(self, trained):
        untrained = replace(trained.model.card, labels=Labels((None,) * len(trained.own.labels)))
        told = "The base model never learnt a label: by chance alone it is right about"
        page = files_of(trained.bundle(card=untrained))["index.html"]
        assert told in unescape(page.decode())
        assert told not in unescape(files_of(trained.bundle())["index.html"].decode())

    @pytest.mark.usefixtures("without_charts")
    def test_test_samples_that_were_trained_on_claim_no_gain(self, trained):
        judged = trained.judged(trained.own)
        files = files_of(trained.bundle(test=judged))
        result = json.loads(files["personalisation-card.json"])["results"]["test"]
        assert result["seen_in_training"]["samples"] == list(range(18))
        assert "is better" not in result["comparison"]["sentence"]
        said = b"All 18 test samples were trained on: they say nothing of new ones."
        assert said in files["index.html"]

    @pytest.mark.usefixtures("without_charts")
    def test_test_samples_that_were_trained_on_earlier_are_told_with_those_of_now(self, trained):
        test = trained.own.take(np.arange(3))
        judged = replace(trained.judged(test), leak=trained_earlier([0], 3))
        result = json.loads(files_of(trained.bundle(test=judged))["personalisation-card.json"])[
            "results"
        ]["test"]
        assert result["seen_in_training"]["samples"] == [0, 1, 2]

    def test_no_test_samples_claims_no_gain(self, trained, unpack):
        files = files_of(trained.bundle(test=None))
        assert "no gain can be claimed" in files["index.html"].decode()
        assert "samples/test/x.npy" not in files
        assert json.loads(files["personalisation-card.json"])["results"] == {}

    @pytest.mark.usefixtures("without_charts")
    def test_no_test_samples_claims_no_gain_whatever_else_was_tested(self, trained):
        rng = np.random.default_rng(0)
        fitted = fit_temperature(rng.normal(size=(40, 4)), np.arange(40) % 4)
        base_test = trained.judged(trained.test)
        files = files_of(
            trained.bundle(test=None, base_test=base_test, inside=Inside(temperature=fitted))
        )
        page = files["index.html"].decode()
        assert "This card holds 3 tests" in page
        assert "None of your own test samples were judged with both models: no gain can" in page

    @pytest.mark.usefixtures("without_charts")
    def test_table_that_ends_before_its_rows_says_so(self, trained, monkeypatch):
        monkeypatch.setattr("odt_core.evidence.tables.MOST", 3)
        base, own = trained.model.session(), trained.session
        layers = weight_changes(base.state(), own.state()) * 2
        page = files_of(trained.bundle(inside=Inside(layers=layers)))["index.html"].decode()
        assert "The first 3 of 4 labels; personalisation-card.json has all." in page
        assert f"The first 3 of {len(layers)} layers; personalisation-card.json has all." in page

    def test_a_model_that_cannot_be_baked_is_said(self, trained, without_charts):
        def bake(inference_only: bool) -> bytes:
            raise ModelError("There is no signature that only predicts.")

        files = files_of(trained.bundle(bake=bake))
        assert "models/personalised.tflite" not in files
        card = json.loads(files["personalisation-card.json"])
        assert card["personalised"]["not_baked"] == "There is no signature that only predicts."

    def test_checkpoint_of_another_file_is_refused(self, trained):
        with pytest.raises(CheckpointError, match="was made with another file"):
            trained.bundle(model=trained.session.bake())

    def test_damaged_checkpoint_is_refused(self, trained):
        with pytest.raises(CheckpointError):
            trained.bundle(checkpoint_file=trained.file[:100])


class Tags(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


class TestNamesInOtherLetters:
    def test_card_tells_what_the_pictures_call_them(self, trained, written):
        names = ("null", "أربعة", "star ⭐", *trained.own.labels.names[3:])
        files = files_of(train(Labels(names)).bundle())
        assert {"label 2", "star (3)"} <= set(written)
        key = "In the pictures, whose font lacks the letters: label 2 = أربعة, star (3) = star ⭐."
        sections = files["personalisation-card.md"].decode().split("## ")
        told = {section.splitlines()[0]: key in section for section in sections}
        assert told["Your test samples"]
        assert told["Samples"]

    @pytest.mark.parametrize("chart", ["samples", "map"])
    def test_one_picture_of_training_samples_is_enough_for_its_names_to_be_told(self, card, chart):
        one = deepcopy(card) | {"charts": {chart: {"title": "", "note": ""}}}
        one["reproduce"]["labels"] = ["star ⭐"]
        (samples,) = (part for part in personalisation_sections(one) if part.heading == "Samples")
        key = "In the pictures, whose font lacks the letters: star (1) = star ⭐."
        assert samples.sentences == (key,)


class TestHostileNames:
    @pytest.fixture(scope="class", name="files")
    @staticmethod
    def fixture_files() -> dict[str, bytes]:
        trained = train(Labels(tuple(name[:40] for name in NASTY)))
        card = replace(
            trained.model.card,
            name="</script><img src=x onerror=alert(1)>",
            summary="# not a heading\n| a | b |",
            labels=trained.own.labels,
        )
        assert load_checkpoint(trained.file).meta.labels == NASTY
        return files_of(trained.bundle(card=card))

    def test_names_in_the_zip_are_ours(self, files, packed):
        assert set(files) == set(files_of(packed))

    def test_card_page_has_no_element_of_theirs(self, files):
        page = Tags(files["index.html"].decode())
        assert not {"script", "iframe", "object"} & set(page.tags)
        assert not any(name.startswith("on") for name in page.attributes)
        assert set(re.findall(r'src="([^"]*)"', files["index.html"].decode())) <= {
            f"charts/{name.removeprefix('charts/')}" for name in files if name.endswith(".png")
        }

    def test_charts_page_has_our_scripts_alone(self, files):
        page = Tags(files["charts.html"].decode())
        assert page.tags.count("script") == 3
        assert "img" not in page.tags
        assert "default-src 'none'" in files["charts.html"].decode()

    def test_charts_page_fetches_nothing(self, files):
        text = files["charts.html"].decode()
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)

    def test_table_of_samples_has_no_formula(self, files):
        text = files["samples/train/list.csv"].decode()
        assert '"\'=HYPERLINK(1)"' in text
        assert not re.search(r'(^|,)"?[=+@-]', text, re.M)

    def test_markdown_has_no_link_cell_or_element_of_theirs(self, files):
        text = files["personalisation-card.md"].decode()
        assert "<" not in text
        assert "[c]" not in text.replace("\\[c\\]", "")
        rows = [line for line in text.splitlines() if "a\\|" in line]
        assert rows
        assert "\n# not" not in files["model-card.md"].decode()
