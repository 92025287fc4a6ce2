"""The commands that write a .tflite: lower and bake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from odt_core.checkpoint import save_checkpoint_file
from odt_core.graph import describe
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.tensor import declare_shape
from odt_core.runtime import load_model
from tests.cli.command_line import ROOT, odt, result

MODEL = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"
INFERENCE = ROOT / "tests" / "runtime" / "models" / "tiny_inference.tflite"
FLEX = ROOT / "tests" / "models" / "flower__android-kotlin-new__logistic_regression.tflite"
BROKEN = ROOT / "tests" / "models" / "flower__android-automotive__enginefaultdb.tflite"


def open_image(folder: Path) -> Path:
    """A model whose image leaves height and width open."""
    tree = read(INFERENCE.read_bytes())
    tree.metadata = None  # which says that it is lowered
    (graph,) = tree.subgraphs
    declare_shape(graph.tensors[int(graph.inputs[0])], (None, None, None, 1))
    path = folder / "open.tflite"
    path.write_bytes(write(tree))
    return path


class TestLower:
    def test_flex_model_then_is_written_without_flex_ops(self, tmp_path):
        got = result("lower", FLEX, tmp_path / "out.tflite")
        assert [row["op"] for row in got["rewritten"]] == ["BroadcastGradientArgs"] * 3
        assert {row["signature"] for row in got["rewritten"]} == {"train"}
        assert (got["missing"], got["flex_ops"], got["changed"]) == ([], [], True)
        data = (tmp_path / "out.tflite").read_bytes()
        assert len(data) == got["bytes"]
        assert describe(data).flex_ops == ()
        assert set(Interpreter(model_content=data).get_signature_list()) == set(got["signatures"])

    def test_weights_that_are_no_float32_then_are_told(self, tmp_path):
        told = "This file holds weights as float16 and computes with them as float32."
        assert result("lower", "photos", tmp_path / "out.tflite")["notes"] == [told]
        assert told in odt("lower", "photos", tmp_path / "out.tflite").stdout

    def test_file_without_signatures_then_is_told_of_the_one_it_gets(self, tmp_path):
        tree = read(INFERENCE.read_bytes())
        tree.signatureDefs = []
        source = tmp_path / "in.tflite"
        source.write_bytes(write(tree))
        (note,) = result("lower", source, tmp_path / "out.tflite")["notes"]
        assert "had no signatures" in note
        assert "one that predicts, 'serving_default'" in note

    def test_runtime_that_the_new_file_needs_then_is_said(self, tmp_path):
        needed = "needs TFLite 2.6 / LiteRT 1.0 or newer"
        assert result("lower", FLEX, tmp_path / "out.tflite")["needs"] == needed
        assert needed in odt("lower", FLEX, tmp_path / "out.tflite").stdout.splitlines()
        assert needed in odt("inspect", FLEX).stdout.splitlines()
        facts = result("inspect", FLEX)
        assert (facts["needs"], facts["min_runtime_version"]) == (needed, "2.6.0")

    def test_op_without_a_builtin_form_then_is_named_with_advice(self, tmp_path):
        got = result("lower", BROKEN, tmp_path / "out.tflite")
        assert [(gap["op"], gap["signature"]) for gap in got["missing"]] == [
            ("SparseSoftmaxCrossEntropyWithLogits", "train")
        ]
        assert "train" not in got["signatures"]
        text = odt("lower", BROKEN, tmp_path / "out.tflite").stdout
        assert "categorical_crossentropy" in text

    def test_lowered_model_then_is_written_as_it_is(self, tmp_path):
        once, again = tmp_path / "once.tflite", tmp_path / "again.tflite"
        result("lower", MODEL, once)  # by today's passes
        got = result("lower", once, again)
        assert got["changed"] is False
        assert again.read_bytes() == once.read_bytes()

    def test_size_then_is_what_the_new_file_takes(self, tmp_path):
        source, output = open_image(tmp_path), tmp_path / "out.tflite"
        result("lower", source, output, "--size", "x=8,8")
        (x,) = describe(output.read_bytes()).signature("infer").inputs
        assert x.shape == (None, 8, 8, 1)

    @pytest.mark.parametrize(
        ("size", "word"),
        [
            ("x", "--size x says no size. Write INPUT=N"),
            ("x=wide", "says no size"),
            ("=8", "says no size"),
            ("x=8", "leaves 2 sizes open after its first"),
        ],
    )
    def test_size_that_cannot_be_then_is_explained(self, tmp_path, size, word):
        done = odt("lower", open_image(tmp_path), tmp_path / "out.tflite", "--size", size)
        assert (done.returncode, done.stdout) == (2, "")
        assert word in done.stderr

    @pytest.mark.parametrize("link", [False, True])
    def test_input_then_is_never_overwritten(self, tmp_path, link):
        source = tmp_path / "in.tflite"
        source.write_bytes(FLEX.read_bytes())
        target = source
        if link:
            target = tmp_path / "link.tflite"
            target.symlink_to(source)
        done = odt("lower", source, target)
        assert done.returncode == 2
        assert "Give another name" in done.stderr
        assert source.read_bytes() == FLEX.read_bytes()

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (("none.tflite", "OUT"), "no file"),
            (("pyproject.toml", "OUT"), "not a .tflite"),
            ((FLEX, "no/such/folder.tflite"), "no folder"),
            ((FLEX, "."), "is a folder"),
        ],
    )
    def test_bad_input_is_one_plain_line_and_exit_code_2(self, tmp_path, arguments, word):
        output = tmp_path / "out.tflite"
        done = odt("lower", *(output if a == "OUT" else a for a in arguments))
        assert (done.returncode, done.stdout) == (2, "")
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert list(tmp_path.iterdir()) == []


class TestBake:
    @pytest.fixture
    def checkpoint(self, tmp_path) -> Path:
        session = load_model(MODEL).session()
        rng = np.random.default_rng(0)
        x = rng.random((8, 8, 8, 1), dtype=np.float32)
        for _ in range(3):
            session.train_step(x, np.arange(8) % 4)
        save_checkpoint_file(session.checkpoint(), tmp_path / "own.safetensors")
        np.savez(tmp_path / "x.npz", x=x, y=session.infer(x))
        return tmp_path / "own.safetensors"

    @pytest.mark.parametrize("inference_only", [False, True])
    def test_checkpoint_then_is_what_the_new_file_starts_with(self, checkpoint, inference_only):
        output = checkpoint.with_name("out.tflite")
        options = ["--inference-only"] if inference_only else []
        got = result("bake", MODEL, checkpoint, output, *options)
        assert got["trainable"] is not inference_only
        assert (got["variables"] == 0) is inference_only
        assert got["needs"] == "needs TFLite 2.6 / LiteRT 1.0 or newer"
        arrays = np.load(checkpoint.with_name("x.npz"))
        model = Interpreter(model_content=output.read_bytes(), num_threads=1)
        (given,) = describe(output.read_bytes()).signature("infer").inputs
        (answer,) = model.get_signature_runner("infer")(**{given.name: arrays["x"]}).values()
        assert answer == pytest.approx(arrays["y"], rel=1e-5, abs=1e-6)

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            ((FLEX, "CHECKPOINT", "OUT"), "another model"),
            ((MODEL, "pyproject.toml", "OUT"), ".safetensors"),
            ((MODEL, "CHECKPOINT", "CHECKPOINT"), "Give another name"),
            ((MODEL, "CHECKPOINT", "OUT", "--signature", "infer"), "--inference-only"),
            (
                (MODEL, "CHECKPOINT", "OUT", "--inference-only", "--signature", "train"),
                "does not only predict",
            ),
        ],
    )
    def test_bad_input_is_one_plain_line_and_exit_code_2(self, checkpoint, arguments, word):
        names = {"CHECKPOINT": checkpoint, "OUT": checkpoint.with_name("out.tflite")}
        done = odt("bake", *(names.get(a, a) for a in arguments))
        assert (done.returncode, done.stdout) == (2, "")
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not names["OUT"].exists()
