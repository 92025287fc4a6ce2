"""The parts of the Evaluate page, opened and used as a person does."""

from __future__ import annotations

from pathlib import Path

from odt_core.workspace import Part
from pages.ui.evaluate import over_time
from tests.pages.page_text import said

MODELS = Path(__file__).resolve().parents[2] / "runtime" / "models"


def visit(app, part: str):
    """Open one part of the page."""
    if "evaluate_part" not in app.session_state:
        app.switch_page("pages/evaluate.py").run()
    app.segmented_control(key="evaluate_part").set_value(part).run()
    assert not app.exception
    return app


def run_job(app, desk, key: str, name: str):
    """Press a study's button and wait for its result."""
    app.button(key=f"{key}_run").click().run()
    job = desk.job(name)
    assert job is not None, said(app)
    assert job.wait(60)
    assert job.look().error == ""
    return job.look().result


def over_time_data(desk):
    """What the browser is given for the scrubber."""
    stops, samples = over_time._stops(desk), desk.samples(Part.TEST)
    course = [desk.evaluation_at(stop.id, "test", samples) for stop in stops]
    return over_time._data(desk, stops, course, samples, desk.entries(Part.TEST))
