"""Damaged and hostile files: at worst a plain error, whatever is wrong with them."""

from __future__ import annotations

import copy
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, ModelError, OdtError
from odt_core.graph import describe, flow, lower, winners
from odt_core.graph.building import Builder
from odt_core.graph.files import read_model_file
from odt_core.graph.flatbuffer import MAX_MODEL_BYTES, read, write
from odt_core.graph.flex import FlexOp
from odt_core.graph.loops.tensor_lists import list_rule
from odt_core.graph.operators import name_of
from odt_core.graph.passes.kernel_rows import sum_of_kernel_rows
from odt_core.graph.passes.movement import find_patches
from odt_core.graph.record import PASSES_VERSION, Record, write_record
from odt_core.graph.rules import RULES
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import Tensor
from tests.graph.graphs import empty
from tests.graph.mutation import mutate

ROOT = Path(__file__).parents[2]
FLEX = ROOT / "tests" / "models" / "flower__android-kotlin-new__logistic_regression.tflite"
CHECKPOINT = ROOT / "tests" / "models" / "flutter_litert__training_model_flex.tflite"
CNN = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"
SMALL = ROOT / "tests" / "runtime" / "models" / "tiny_inference.tflite"

MUTATED = (CHECKPOINT, SMALL, CHECKPOINT, FLEX)

ENDLESS = b'{"checkpoints": [], "rewrites": [], "missing": [], "passes": 1e400}'
DEEP = b"[" * 100_000

Change = Callable[[schema.ModelT], None]


def changed(path: Path, change: Change) -> bytes:
    """The file with its parsed contents changed; it parses well afterwards."""
    model = read(path.read_bytes())
    change(model)
    return write(model)


def operator(model: schema.ModelT, name: str) -> schema.OperatorT:
    """The first op of that name."""
    return next(
        o for graph in model.subgraphs for o in graph.operators or [] if name_of(model, o) == name
    )


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.tflite", FLEX.read_bytes())
    return file.getvalue()


class TestForeignFiles:
    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (b"", "empty"),
            (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
            (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
            (b"\x08\x08\x12\x07pytorch" + bytes(100), "not a .tflite"),  # ONNX
            (b"<!DOCTYPE html><html></html>", "web page"),
            (b"TFL3", "not a .tflite"),
            (b"\x1c\0\0\0TFL3", "damaged"),
            (b"\xff\xff\xff\xffTFL3" + bytes(64), "damaged"),
        ],
    )
    def test_file_of_another_kind_then_says_what_it_is(self, data, word):
        for function in (describe, lower):
            with pytest.raises(ModelError, match=word):
                function(data)

    def test_zip_then_is_named(self):
        with pytest.raises(ModelError, match="zip"):
            describe(zipped())

    def test_file_of_many_gigabytes_then_is_refused_unread(self, tmp_path):
        path = tmp_path / "large.tflite"
        with path.open("wb") as file:
            file.truncate(64 * 2**30)  # sparse: takes no space
        with pytest.raises(ModelError, match=rf"odt reads models of up to .*{MAX_MODEL_BYTES:,}"):
            read_model_file(path)

    def test_device_then_is_no_ordinary_file(self):
        with pytest.raises(ModelError, match="no ordinary file"):
            read_model_file(Path("/dev/zero"))


class TestHostileFlatbuffers:
    """Files made by hand, byte by byte."""

    @staticmethod
    def vectors_of(count: int, target: str) -> bytes:
        """A model whose list of subgraphs has `count` entries, all of them the same table."""
        head = struct.pack("<I4s", 32, b"TFL3")
        vtable = struct.pack("<HHHHH", 10, 8, 0, 0, 4) + b"\0\0"  # field 2: subgraphs
        body = head + bytes(8) + vtable
        table_at = 32
        body = body.ljust(table_at, b"\0")
        body += struct.pack("<iI", table_at - 16, 4)  # table: vtable, then the field
        start = len(body)
        entries = b""
        for at in range(min(count, 50_000)):
            here = start + 4 + 4 * at
            goal = table_at if target == "itself" else 2**31
            entries += struct.pack("<I", (goal - here) % 2**32)
        return body + struct.pack("<I", count) + entries

    @pytest.mark.parametrize("count", [1, 40_000, 2**32 - 1])
    @pytest.mark.parametrize("target", ["itself", "outside"])
    def test_lists_that_lead_anywhere_then_are_a_plain_error(self, count, target):
        data = self.vectors_of(count, target)
        tracemalloc.start()
        try:
            with pytest.raises(ModelError, match="damaged"):
                describe(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 200 * 2**20

    def test_one_subgraph_listed_many_times_then_is_refused(self):
        """FlatBuffers lets tables be shared: 400 lists of the same 400 tables are 160,000 visits,
        and so on with each level."""
        import flatbuffers

        b = flatbuffers.Builder(0)

        def many(items: list[int]) -> int:
            b.StartVector(4, len(items), 4)
            for item in reversed(items):
                b.PrependUOffsetTRelative(item)
            return b.EndVector()

        schema.TensorStart(b)
        tensors = many([schema.TensorEnd(b)] * 3000)
        schema.SubGraphStart(b)
        schema.SubGraphAddTensors(b, tensors)
        subgraphs = many([schema.SubGraphEnd(b)] * 3000)
        schema.ModelStart(b)
        schema.ModelAddSubgraphs(b, subgraphs)
        b.Finish(schema.ModelEnd(b), file_identifier=b"TFL3")
        with pytest.raises(ModelError, match="more parts"):
            describe(bytes(b.Output()))


def _set(name: str, **values: object) -> Change:
    """Changes options of the first op of that name."""

    def change(model: schema.ModelT) -> None:
        for field, value in values.items():
            setattr(operator(model, name).builtinOptions, field, value)

    return change


def _cycle(model: schema.ModelT) -> None:
    operator(model, "CALL_ONCE").builtinOptions.initSubgraphIndex = 0


def _tensor(**values: object) -> Change:
    def change(model: schema.ModelT) -> None:
        constant = next(
            t
            for t in model.subgraphs[0].tensors
            if model.buffers[t.buffer].data is not None and len(model.buffers[t.buffer].data) > 8
        )
        for field, value in values.items():
            setattr(constant, field, value)

    return change


def _shape(*sizes: int) -> Change:
    return _tensor(shape=np.array(sizes, np.int32), shapeSignature=None)


def _short_buffer(model: schema.ModelT) -> None:
    buffer = next(b for b in model.buffers if b.data is not None and len(b.data) > 8)
    buffer.data = buffer.data[:-3]


def _outside_weights(model: schema.ModelT) -> None:
    model.buffers[1].offset, model.buffers[1].size = 2**40, 2**40


def _input(place: int, index: int) -> Change:
    def change(model: schema.ModelT) -> None:
        inputs = operator(model, "CONV_2D").inputs.copy()
        inputs[place] = index
        operator(model, "CONV_2D").inputs = inputs

    return change


def _backwards(model: schema.ModelT) -> None:
    model.subgraphs[0].operators.reverse()


def _signature_tensor(model: schema.ModelT) -> None:
    model.signatureDefs[0].outputs[0].tensorIndex = 10**6


def _signature_twice(model: schema.ModelT) -> None:
    model.signatureDefs.append(copy.deepcopy(model.signatureDefs[0]))


def _metadata(model: schema.ModelT) -> None:
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"odt", 10**6
    model.metadata = [*(model.metadata or []), entry]


class TestPartsThatDoNotFit:
    @pytest.mark.parametrize(
        ("path", "change", "word"),
        [
            (FLEX, _cycle, "circle"),
            (SMALL, _shape(-5, 3), "negative"),
            (SMALL, _shape(2**31 - 1, 2**31 - 1, 2**31 - 1), "more entries"),
            (SMALL, _shape(*[1] * 17), "16 dimensions"),
            (SMALL, _shape(3), "another size"),
            (SMALL, _tensor(type=99), "unknown type"),
            (SMALL, _tensor(buffer=2**31), "without a buffer"),
            (SMALL, _short_buffer, "another size"),
            (SMALL, _outside_weights, "outside its graph"),
            (SMALL, _set("CONV_2D", strideH=0), "strideH is 0"),
            (SMALL, _set("CONV_2D", dilationWFactor=-1), "dilationWFactor is -1"),
            (SMALL, _input(0, 10**6), "input does not exist"),
            (SMALL, _input(0, -2), "input does not exist"),
            (SMALL, _input(1, -1), "input that it needs"),
            (SMALL, _backwards, "before it is written"),
            (SMALL, _signature_tensor, "tensor does not exist"),
            (SMALL, _signature_twice, "two signatures"),
            (SMALL, _metadata, "metadata"),
        ],
    )
    def test_damage_then_is_named(self, path, change, word):
        data = changed(path, change)
        for function in (describe, lower):
            with pytest.raises(ModelError, match=word):
                function(data)

    @pytest.mark.parametrize(
        "options",
        [b"", b"\x00", b"\xff" * 40, bytes(range(40)), b"\x28\x04\x01"],
        ids=["empty", "zero", "ones", "counting", "no vector"],
    )
    def test_flex_options_that_are_no_flexbuffer_then_are_a_plain_error(self, options):
        def change(model: schema.ModelT) -> None:
            operator(model, "FlexBroadcastGradientArgs").customOptions = np.frombuffer(
                options, np.uint8
            )

        with pytest.raises((ModelError, LoweringError), match="BroadcastGradientArgs"):
            lower(changed(FLEX, change))

    def test_node_def_that_lies_about_its_length_then_is_a_plain_error(self):
        def change(model: schema.ModelT) -> None:
            found = operator(model, "FlexBroadcastGradientArgs")
            options = np.array(found.customOptions, np.uint8)
            start = bytes(options).index(b"\x0a")
            options[start + 1] = 0x7F
            found.customOptions = options

        with pytest.raises(ModelError, match="BroadcastGradientArgs"):
            lower(changed(FLEX, change))

    def test_record_of_a_lowering_that_never_was_then_is_somebody_elses(self):
        for content in (
            b"{}",
            b"[1]",
            b"\xff",
            json.dumps({"rewrites": 3}).encode(),
            ENDLESS,
            DEEP,
        ):

            def change(model: schema.ModelT, content: bytes = content) -> None:
                buffer, entry = schema.BufferT(), schema.MetadataT()
                buffer.data = np.frombuffer(content, np.uint8)
                model.buffers.append(buffer)
                entry.name, entry.buffer = b"odt", len(model.buffers) - 1
                model.metadata = [entry]

            assert lower(changed(CHECKPOINT, change)).report

    def test_op_that_reads_the_empty_tensor_it_writes_then_is_refused(self):
        def change(model: schema.ModelT) -> None:
            graph = model.subgraphs[model.signatureDefs[0].subgraphIndex]
            last = next(o for o in graph.operators if graph.outputs[0] in o.outputs)
            index = int(graph.outputs[0])
            graph.tensors[index].shape = graph.tensors[index].shapeSignature = np.zeros(1, np.int32)
            graph.operators.remove(last)
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
            model.operatorCodes.append(code)
            moves = schema.OperatorT()
            moves.opcodeIndex = len(model.operatorCodes) - 1
            moves.inputs = moves.outputs = np.array([index], np.int32)
            graph.operators.append(moves)

        with pytest.raises(ModelError, match="before it is written"):
            describe(changed(SMALL, change))


def nested_loops(depth: int) -> bytes:
    """Each loop's body runs two more, one as it got its tensors and one the other way round."""
    b = empty()
    pair = [(2,), (2,)]

    def graph_of(b: Builder) -> list[Tensor]:
        inputs = [b.new(shape, np.float32) for shape in pair]
        b.graph.inputs = np.array([one.index for one in inputs], np.int32)
        return inputs

    def ends(b: Builder, outputs: list[Tensor]) -> None:
        b.graph.outputs = np.array([one.index for one in outputs], np.int32)
        b.graph.operators = b.operators

    bodies = [b]
    for _ in range(depth + 1):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = [], []
        b.model.subgraphs.append(graph)
        bodies.append(Builder(b.model, graph))
    *bodies, condition = bodies
    graph_of(condition)
    ends(condition, [condition.constant(np.array([False]))])
    for at, body in enumerate(bodies):
        now = graph_of(body)
        for turned in (False, True) if at < depth else ():
            loop = schema.WhileOptionsT()
            loop.condSubgraphIndex, loop.bodySubgraphIndex = depth + 1, at + 1
            made = [body.new(shape, np.float32) for shape in pair]
            body.emit("WHILE", now[::-1] if turned else now, made, loop)
            now = made
        ends(body, now)
    main = b.model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"train", 0
    signature.inputs = [_entry(name, at) for name, at in zip("xy", main.inputs, strict=True)]
    signature.outputs = [_entry("loss", main.outputs[0])]
    b.model.signatureDefs = [signature]
    return write(b.model)


def _entry(name: str, tensor: int) -> schema.TensorMapT:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), int(tensor)
    return entry


class TestNestedLoops:
    def test_two_in_each_body_then_are_looked_at_as_often_as_they_differ(self, monkeypatch):
        followed = []
        through = flow._Run.through
        monkeypatch.setattr(
            flow._Run, "through", lambda *given: (followed.append(1), through(*given))
        )
        (signature,) = describe(nested_loops(30)).signatures  # 2³⁰ rounds, one after the other
        assert signature.outputs[0].reached_by == ("x", "y")
        assert len(followed) < 100


class TestManyOps:
    def test_more_than_can_be_opened_in_time_then_are_refused(self, monkeypatch):
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", 29)
        with pytest.raises(ModelError, match="has 30 ops; at most 29 are opened"):
            lower(softmaxes(30))

    def test_more_than_that_once_rewritten_then_are_refused(self, monkeypatch):
        lowered = read(lower(softmaxes(30)).data)
        ops = sum(len(graph.operators) for graph in lowered.subgraphs)
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", ops)
        assert lower(softmaxes(30)).data
        monkeypatch.setattr("odt_core.graph.lowering.add_state_signatures", more_ops)
        with pytest.raises(ModelError, match="The model, rewritten for LiteRT, has"):
            lower(softmaxes(30))

    def test_more_than_that_once_passed_again_then_are_refused(self, monkeypatch):
        lowered = read(lower(softmaxes(30)).data)
        write_record(lowered, Record(passes=PASSES_VERSION - 1))
        ops = sum(len(graph.operators) for graph in lowered.subgraphs)
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", ops)
        assert lower(write(lowered)).data
        monkeypatch.setattr("odt_core.graph.finished.read_once_more", more_ops)
        with pytest.raises(ModelError, match="The model, rewritten for LiteRT, has"):
            lower(write(lowered))

    def test_row_of_which_many_scores_are_made_then_is_not_gone_through_for_each(self, monkeypatch):
        followed = []
        before = winners._Trail._before
        monkeypatch.setattr(
            winners._Trail, "_before", lambda *given: (followed.append(1), before(*given))[1]
        )
        describe(softmaxes(300))  # one after the other: 45,000 ways back
        assert 300 < len(followed) < 2_000

    def test_output_behind_many_scores_then_is_still_known_to_win_by_the_largest(self):
        model = read(softmaxes(400))
        (graph,) = model.subgraphs
        (output,) = map(int, graph.outputs)
        assert winners.winners(model, graph).wins == {output: 1}

    def test_output_behind_many_changes_of_layout_then_is_looked_at_once(self, monkeypatch):
        names = []
        name = winners._Trail._name
        monkeypatch.setattr(
            winners._Trail, "_name", lambda *given: (names.append(1), name(*given))[1]
        )
        b = empty()
        row = b.new((1, 4), np.float32)
        made = [row]
        for _ in range(150):
            made.append(b.reshape(made[-1], (4,)))
            made.append(b.reshape(made[-1], (1, 4)))
        b.graph.operators = b.operators
        b.graph.outputs = np.array([one.index for one in made], np.int32)
        winners.winners(b.model, b.graph)
        assert len(names) < 5_000


def softmaxes(count: int) -> bytes:
    """A model that makes a softmax of a softmax, and so on."""
    b = empty()
    first = last = b.new((None, 4), np.float32)
    for _ in range(count):
        made = b.new((None, 4), np.float32)
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        b.emit("SOFTMAX", [last], [made], options)
        last = made
    b.graph.operators = b.operators
    add_signature(b.model, b.graph, "infer", {"x": first.index}, {"y": last.index})
    b.model.subgraphs = [b.graph]
    b.model.signatureDefs[0].subgraphIndex = 0
    return write(b.model)


def more_ops(model: schema.ModelT) -> None:
    graph = model.subgraphs[0]
    graph.operators = [*graph.operators, copy.copy(graph.operators[-1])]


class TestSizesWithoutEnd:
    """A few bytes that ask for many gigabytes, or for hours."""

    def test_list_of_billions_of_entries_then_is_refused(self):
        b = empty()
        inputs = [b.constant(np.array(n, np.int32)) for n in (-1, 2**31 - 1)]
        reserve = list_rule("TensorListReserve", inputs)
        with pytest.raises(LoweringError, match="2,147,483,647 entries"):
            reserve(b, inputs, [])

    def test_zeros_of_gigabytes_then_are_refused(self):
        with pytest.raises(LoweringError, match="1,073,741,824 bytes"):
            empty().constant(np.zeros(2**28, np.float32))

    @pytest.mark.parametrize(
        ("op", "inputs"),
        [
            ("ResizeBicubic", [(1, 4, 4, 1)]),
            ("ImageProjectiveTransformV2", [(1, 4, 4, 1), (1, 8)]),
        ],
    )
    def test_image_of_billions_of_pixels_then_is_refused(self, op, inputs):
        b = empty()
        given = [b.new(shape, np.float32) for shape in inputs]
        size = b.constant(np.array([1, 2**31 - 1], np.int32))
        with pytest.raises(LoweringError, match="2,147,483,647"):
            RULES[op](b, FlexOp(op), [*given, size])

    def test_padding_of_gigabytes_then_is_not_looked_through_for_windows(self):
        b = empty()
        x = b.new((1, 4, 4, 1), np.float32)
        wide = b.pad(x, [(0, 0), (0, 2**25), (0, 0), (0, 0)])
        tracemalloc.start()
        try:
            assert find_patches(b, wide, (2**25 + 4, 4)) is None
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2**20

    def test_sum_of_the_same_again_and_again_then_is_no_sum_of_kernel_rows(self):
        b = empty()
        total = b.slice(b.new((1, 4, 4, 2), np.float32), (0, 0, 0, 0), (1, 2, 4, 2))
        for _ in range(40):
            total = b.add(total, total)
        assert sum_of_kernel_rows(b, b.operators[-1]) is None


class TestMutations:
    """Whatever happens to a file: a result, or an OdtError that tells what to do."""

    @pytest.mark.parametrize("path", [FLEX, CHECKPOINT, CNN], ids=["flex", "checkpoint", "cnn"])
    def test_cut_anywhere_then_is_a_plain_error(self, path):
        data = path.read_bytes()
        for end in range(8, len(data) - 1, len(data) // 25):
            with pytest.raises(OdtError):
                describe(data[:end])

    @pytest.mark.parametrize("seed", range(40))
    def test_flipped_bits_then_are_at_worst_a_plain_error(self, seed):
        rng = np.random.default_rng(seed)
        data = bytearray(MUTATED[seed % 4].read_bytes())
        for place in rng.integers(8, len(data), rng.choice([1, 4, 16])):
            data[place] ^= 1 << int(rng.integers(8))
        _only_plain_errors(bytes(data))

    @pytest.mark.parametrize("seed", range(200))
    def test_mutated_parts_then_are_at_worst_a_plain_error(self, seed):
        rng = np.random.default_rng(1000 + seed)
        model = copy.deepcopy(_parsed()[seed % 4])
        for _ in range(int(rng.integers(1, 4))):
            mutate(model, rng)
        try:
            data = write(model)
        except (struct.error, TypeError, ValueError, OverflowError):
            return  # such a number has no place in a file
        _only_plain_errors(data)


_PARSED: list[schema.ModelT] = []


def _parsed() -> list[schema.ModelT]:
    if not _PARSED:
        _PARSED.extend(read(path.read_bytes()) for path in MUTATED)
    return _PARSED


def _only_plain_errors(data: bytes) -> None:
    for function in (describe, lower):
        with suppress(OdtError):
            function(data)
