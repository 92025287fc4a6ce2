"""Models of others on the pages: dropped, given samples of their kind, trained and judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.pages import trainings
from tests.pages.page_text import said

ROOT = Path(__file__).resolve().parents[2]
OTHERS, OURS = ROOT / "tests" / "models", ROOT / "tests" / "runtime" / "models"
RNG = np.random.default_rng(7)


def drop(app, path):
    """Drop a file on the Model page."""
    app.switch_page("pages/model.py").run()
    field = next(one for one in app.file_uploader if one.key.startswith("drop_"))
    field.upload(path.name, path.read_bytes())
    app.run()
    assert not app.exception
    return app


def give(app, name, data):
    """Upload samples on the first page."""
    app.switch_page("pages/personalise.py").run()
    app.segmented_control(key="samples_way").set_value("Upload").run()
    next(one for one in app.file_uploader if one.key.startswith("upload_")).upload(name, data)
    return app.run()


def table(*columns) -> bytes:
    """A .csv with these columns; each is [N] or [N, several]."""
    wide = [np.asarray(one).reshape(len(one), -1) for one in columns]
    return "\n".join(",".join(str(v) for v in row) for row in np.hstack(wide)).encode()


def train(app, desk):
    """To its end, without anything to complain of."""
    trainings.train(app, desk)
    assert not app.exception
    assert not app.error, said(app)


def every_part_of_evaluate(app):
    """Each is drawn without anything to complain of."""
    app.switch_page("pages/evaluate.py").run()
    for part in app.segmented_control(key="evaluate_part").options:
        app.segmented_control(key="evaluate_part").set_value(part).run()
        assert not app.exception, part
        assert not said(app), part
