"""Forgetting on the page: what is verified, what becomes your model, and what goes with it."""

from __future__ import annotations

from html import unescape

import numpy as np

from odt_core.checkpoint import load_checkpoint
from odt_core.workspace import Part, Source
from tests.pages.evaluate.parts import run_job, visit
from tests.pages.page_text import shown
from tests.pages.pictures import scribble


class TestForget:
    def test_label_when_forgotten_is_verified_and_can_become_the_model(self, trained, monkeypatch):
        app, desk = trained
        visit(app, "Forget")
        gone = desk.workspace.manifest.labels[0].id
        found = run_job(app, desk, "forget", "unlearning")
        app.run()
        assert found.unlearned.identical
        assert found.unlearned.shown_digest != found.unlearned.digest
        assert "bit for bit" in shown(app)
        assert "for testing among them" in shown(app)
        app.button(key="forget_keep").click().run()
        assert desk.workspace.manifest.samples_of(gone) == ()
        assert desk.workspace.manifest.label(gone).enabled  # the base model knows it
        state = desk.worker().state()
        assert all(np.array_equal(state[k], v) for k, v in found.unlearned.state.items())
        entry = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        kept = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        assert (entry.info.own.accuracy, entry.info.own.n) == (kept.accuracy, kept.n)
        assert entry.info.base.n == 1000
        assert f"{len(found.chosen.ids)} samples deleted: this is your model now." in shown(app)
        assert "From before" not in shown(app)
        assert not [one for one in app.button if one.key == "forget_keep"]
        with monkeypatch.context() as patched:  # nor is the checkpoint read for that at each draw
            patched.setattr(desk.workspace, "checkpoint_bytes", None)
            assert "this is your model now." in shown(app.run())
        desk.save_checkpoint("mine")
        desk.restore(desk.workspace.manifest.checkpoints[-1].id)
        assert "this is your model now." in shown(app.run())  # a copy of it
        desk.restore(None)
        assert "From before your samples, settings or model changed" in shown(app.run())

    def test_model_that_forgot_knows_which_samples_it_was_trained_on(self, trained):
        app, desk = trained
        visit(app, "Forget")
        run_job(app, desk, "forget", "unlearning")
        app.run()
        app.button(key="forget_keep").click().run()
        left = {one.id for one in desk.entries(Part.TRAIN)}
        assert desk.trained_on() == left
        assert not desk.stale()
        desk.workspace.move_sample(min(left), Part.TEST)
        assert desk.seen_tests().itself == (min(left),)

    def test_label_of_ones_own_when_forgotten_is_not_judged_any_more_and_undo_brings_it_back(
        self, trained
    ):
        app, desk = trained
        label, rng = desk.workspace.add_label("scribble"), np.random.default_rng(0)
        desk.workspace.add_samples([scribble(rng) for _ in range(8)], label.id, Source.DRAW)
        there = desk.workspace.manifest.samples_of(label.id)
        assert {one.part for one in there} == {Part.TRAIN, Part.TEST}
        visit(app, "Forget")
        app.selectbox(key="forget_what").set_value(f"label {label.id}").run()
        run_job(app, desk, "forget", "unlearning")
        app.run()
        told = (
            "the 8 samples (everything of 'scribble'), 1 for testing among them, with their label"
        )
        assert told in unescape(shown(app))
        app.button(key="forget_keep").click().run()
        assert desk.workspace.manifest.label(label.id) is None
        assert "scribble" not in desk.samples(Part.TEST).labels.names
        head = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        kept = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        assert (head.info.own.accuracy, head.info.own.n) == (kept.accuracy, kept.n)
        assert (
            "scribble" not in load_checkpoint(desk.workspace.checkpoint_bytes(head.id)).meta.labels
        )
        desk.workspace.undo()
        assert desk.workspace.manifest.samples_of(label.id) == there

    def test_result_when_something_else_is_chosen_says_what_it_is_of(self, trained):
        app, desk = trained
        label = desk.workspace.add_label("scribble")
        desk.workspace.add_samples([scribble(np.random.default_rng(0))], label.id, Source.DRAW)
        (only,) = desk.workspace.manifest.samples_of(label.id)
        visit(app, "Forget")
        app.selectbox(key="forget_what").set_value(f"label {label.id}").run()
        run_job(app, desk, "forget", "unlearning")
        app.run()
        assert "From before" not in shown(app)
        app.selectbox(key="forget_what").set_value(f"sample {only.id}").run()
        assert "From before" not in shown(app)
        assert "training sample: everything of" in shown(app)
        assert "Keeping it deletes the sample (everything of 'scribble')" in unescape(shown(app))
        assert "(everything of 'scribble')" in app.button(key="forget_keep").label.replace("\\", "")
        desk.workspace.delete_samples([desk.entries(Part.TRAIN)[0].id])
        assert "From before your samples, settings or model changed" in shown(app.run())
