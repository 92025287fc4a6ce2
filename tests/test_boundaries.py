"""What may import what: rules of the house that keep the dashboard light and the engine free."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import odt_core

ROOT = Path(__file__).parents[1]
# Lowest first. A room uses what stands before it, never what stands after it.
LAYERS = (
    *("errors", "kinds", "lazy", "words", "plain", "byte_order", "files", "cores", "protobuf"),
    *("scaling", "samples", "graph", "checkpoint", "dialects", "baking", "bundled", "runtime"),
    *("evaluation", "training", "worker", "studies", "evidence", "workspace", "authoring", "cli"),
)


def imports(path: Path) -> set[str]:
    """Top-level names of the packages a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def rooms_used(path: Path) -> set[str]:
    """The rooms of odt_core that a file imports when it runs: not those it names in types alone."""
    found, nodes = set(), [ast.parse(path.read_text("utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "odt_core":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("odt_core."):
            found.add(str(node.module).split(".")[1])
        nodes += ast.iter_child_nodes(node)
    return found & {*LAYERS}


def names_passed_on(init: Path) -> set[str]:
    """What a room takes from its modules, so that it can be imported from the room itself."""
    package = ".".join(init.parent.relative_to(ROOT).parts)
    return {
        alias.name
        for node in ast.walk(ast.parse(init.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
        for alias in node.names
    }


def modules_after(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after running `code`."""
    ending = "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


class TestImports:
    def test_odt_core_never_imports_streamlit(self):
        offenders = [
            str(path.relative_to(ROOT))
            for path in (ROOT / "odt_core").rglob("*.py")
            if "streamlit" in imports(path)
        ]
        assert offenders == []

    def test_only_authoring_imports_tensorflow(self):
        offenders = [
            str(path.relative_to(ROOT))
            for path in [*(ROOT / "odt_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
            if imports(path) & {"tensorflow", "keras"}
            and "authoring" not in path.relative_to(ROOT).parts
        ]
        assert offenders == []

    @pytest.mark.parametrize("room", LAYERS)
    def test_room_uses_rooms_below_it_alone(self, room):
        path = ROOT / "odt_core" / room
        files = [*path.rglob("*.py")] if path.is_dir() else [path.with_suffix(".py")]
        above = {*LAYERS[LAYERS.index(room) + 1 :]}
        found = {str(file.relative_to(ROOT)): rooms_used(file) & above for file in files}
        assert {file: rooms for file, rooms in found.items() if rooms} == {}

    @pytest.mark.parametrize(
        "room",
        sorted({path.parent for path in (ROOT / "odt_core").rglob("*.py")}),
        ids=lambda path: path.name,
    )
    def test_no_name_of_a_room_is_that_of_a_module_in_it(self, room):
        """Python puts an imported module in the name's place, and the name in the module's."""
        modules = {path.stem for path in room.iterdir()} - {"__init__"}
        assert names_passed_on(room / "__init__.py") & modules == set()

    def test_every_room_has_its_layer(self):
        here = {path.stem for path in (ROOT / "odt_core").iterdir() if path.name[0] not in "_."}
        assert here == {*LAYERS}

    def test_every_public_name_when_used_comes_without_tensorflow_or_streamlit(self):
        loaded = modules_after("import odt_core\nfor n in odt_core.__all__: getattr(odt_core, n)")
        assert {"tensorflow", "keras", "streamlit", "jax", "torch"} & loaded == set()

    def test_import_odt_core_when_fresh_loads_no_room(self):
        loaded = modules_after("import odt_core")
        assert {m for m in loaded if m.startswith("odt_core.")} == {"odt_core.lazy"}

    def test_first_page_when_imported_loads_only_what_it_draws_with(self):
        loaded = modules_after("import pages.ui.personalise")
        later = {
            "odt_core.graph",
            "odt_core.evaluation",
            "odt_core.training.loop",
            "ai_edge_litert",
        }
        assert later & loaded == set()


class TestPublicNames:
    def test_all_and_dir_agree(self):
        assert sorted(odt_core.__all__) == dir(odt_core)

    @pytest.mark.parametrize("name", odt_core.__all__)
    def test_public_name_when_used_has_a_docstring(self, name):
        assert getattr(odt_core, name).__doc__

    def test_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="no attribute 'lode_model'"):
            odt_core.lode_model  # noqa: B018
