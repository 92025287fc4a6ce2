"""Forgetting: the samples and the model that saw them go together, and come back so."""

from __future__ import annotations


def test_model_that_forgot_is_kept_in_the_step_that_deletes_the_samples(app, desk_of):
    app.button(key="example").click().run()
    desk = desk_of(app)
    app.number_input(key="set_epochs").set_value(1)
    app.button(key="train").click().run()
    assert desk.run.wait(60)
    app.switch_page("pages/evaluate.py").run()
    app.segmented_control(key="evaluate_part").set_value("Forget").run()
    app.button(key="forget_run").click().run()
    assert desk.job("unlearning").wait(60)
    before, steps = desk.workspace.manifest, desk.workspace.steps_done()
    app.run().button(key="forget_keep").click().run()
    assert desk.workspace.manifest.head != before.head
    assert len(desk.workspace.manifest.samples) < len(before.samples)
    assert len(desk.workspace.steps_done()) == len(steps) + 1
    desk.workspace.undo()
    assert desk.workspace.manifest.head == before.head
    assert desk.workspace.manifest.samples == before.samples
