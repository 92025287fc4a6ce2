"""Test samples: which are moved, like another one or trained on earlier, and what is said then."""

from __future__ import annotations

import numpy as np

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.evaluation import Verdict, score
from odt_core.workspace import CheckpointInfo, Kind, Part, Source
from pages.ui.compare import right_of
from pages.ui.desk import Result, Scores
from pages.ui.desk.after_runs import SeenTests
from pages.ui.evaluate import over_time
from pages.ui.result_line import result_in_words
from tests.pages.evaluate.parts import visit
from tests.pages.page_text import said, shown


def all_fixed(desk) -> Scores:
    """As if the base model had got all test samples wrong, and your model right."""
    y = desk.samples(Part.TEST).y
    base, own = (score(np.eye(16, dtype=np.float32)[answer], y) for answer in ((y + 1) % 10, y))
    return Scores(base, own, desk.labels)


def not_better(found) -> bool:
    return found.comparison.verdict is Verdict.BETTER and "better" not in found.comparison.sentence


class TestTestSamples:
    def test_undo_when_the_last_step_was_a_training_says_that_it_takes_it_back(self, trained):
        app, _ = trained
        visit(app, "Test samples")
        assert app.button(key="undo_part").label.startswith("Undo: train to step")

    def test_sample_when_moved_is_listed_and_undo_takes_it_back(self, person):
        app, desk = person
        before = desk.test_name()
        visit(app, "Test samples")
        app.button(key="change_part").click().run()
        assert len(desk.test_name()) == len(before) - 1
        assert "for training" in shown(app)
        assert "Samples moved by hand: 1 to training." in shown(app)
        assert "Test samples lists them" not in shown(app)
        visit(app, "Result")
        assert "Test samples lists them" in shown(app)
        visit(app, "Test samples")
        app.button(key="undo_part").click().run()
        assert desk.test_name() == before

    def test_picture_of_the_sample_to_move_is_called_as_in_the_list(self, person):
        app, _ = person
        visit(app, "Test samples")
        (picture,) = app.get("image")[0].proto.imgs
        chosen = app.selectbox(key="part_of")
        assert picture.alt == chosen.options[chosen.index]

    def test_training_sample_when_like_a_test_sample_is_kept_out(self, person):
        app, desk = person
        entry = desk.entries(Part.TEST)[0]
        trained_on = len(desk.samples(Part.TRAIN))
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        if report.added[0].part is Part.TEST:
            desk.workspace.move_sample(report.added[0].id, Part.TRAIN)
        assert desk.near_test()[report.added[0].id] == entry.id
        assert len(desk.samples(Part.TRAIN)) == len(desk.entries(Part.TRAIN)) == trained_on
        visit(app, "Test samples")
        assert "shown before the one it repeats" in shown(app)

    def test_best_of_a_run_is_told_to_be_chosen_on_the_test_samples(self, person):
        app, desk = person
        worker = desk.worker()
        state = worker.state()
        state["outputs/bias"][0] += 1.0
        checkpoint = Checkpoint(state, CheckpointMeta(worker.sha256))
        info = CheckpointInfo(Kind.BEST, 8, 8)
        desk.workspace.add_checkpoint(save_checkpoint(checkpoint), info, as_head=True)
        visit(app, "Test samples")
        assert "Your model is the best of a run, chosen on these test samples" in shown(app)
        assert not_better(desk.claims(all_fixed(desk)))
        desk.save_checkpoint("mine")
        desk.restore(desk.workspace.manifest.checkpoints[-1].id)
        assert not_better(desk.claims(all_fixed(desk)))

    def test_test_sample_when_like_one_that_was_trained_on_says_so_until_that_is_unlearnt(
        self, trained
    ):
        app, desk = trained
        entry = desk.entries(Part.TRAIN)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        (new,) = report.added
        if new.part is not Part.TEST:
            desk.workspace.move_sample(new.id, Part.TEST)
        seen = desk.seen_tests()
        assert (seen.itself, seen.again) == ((), (new.id,))
        assert desk.stale().gone == 0  # what was learnt is there still, only kept out by now
        visit(app, "Test samples")
        assert (
            "Of these test samples 1 is nearly the same as a sample that your model was trained on"
        ) in shown(app)
        desk.reset_to_base()
        assert desk.train(desk.settings).wait(60)
        assert desk.seen_tests() == SeenTests((), ())

    def test_test_sample_when_it_was_trained_on_itself_says_so(self, trained):
        app, desk = trained
        entry = desk.entries(Part.TRAIN)[0]
        desk.workspace.move_sample(entry.id, Part.TEST)
        assert desk.seen_tests() == SeenTests((entry.id,), ())
        visit(app, "Result")
        assert "Of these test samples 1 was trained on earlier: the figures are too good" in shown(
            app
        )
        assert "on your test samples<" in shown(app)  # not "never trained on"
        assert "On the other 60 test samples: " in shown(app)
        found = desk.claims(all_fixed(desk))
        at = [one.id for one in desk.entries(Part.TEST)].index(entry.id)
        assert found.leak.seen.tolist() == [at]
        assert not_better(found)
        assert "Your model is better." in found.others.sentence
        result = Result(all_fixed(desk), found, None, None)
        assert "p < 0.001. 1 of the 61 test samples was trained on earlier" in (
            result_in_words(result)
        )

    def test_copies_of_your_model_know_what_it_was_trained_on(self, trained):
        _, desk = trained
        seen, run = desk.trained_on(), desk.shown_run()
        assert len(seen) == len(desk.entries(Part.TRAIN))
        desk.save_checkpoint("mine")
        mine = desk.workspace.manifest.checkpoints[-1]
        desk.restore(mine.id)
        assert desk.trained_on() == seen
        assert desk.shown_run().records == run.records
        desk.reset_to_base()
        desk.restore(mine.id)
        desk.save_checkpoint("mine again")
        again = desk.workspace.manifest.checkpoints[-1]
        desk.restore(again.id)
        desk.workspace.delete_checkpoint(mine.id)
        assert desk.trained_on() == seen
        moved = min(seen)
        desk.workspace.move_sample(moved, Part.TEST)
        assert desk.train(desk.settings).wait(60)
        desk.workspace.delete_checkpoint(again.id)
        assert moved in desk.trained_on()

    def test_looked_at_between_a_new_model_and_its_line_is_not_kept(self, trained, monkeypatch):
        _, desk = trained
        written, wanted = desk.workspace.append_run, {one.id for one in desk.entries(Part.TRAIN)}
        head, between = desk.workspace.manifest.head, []

        def late(run, lines):
            if desk.workspace.manifest.head != head:
                between.append((desk.trained_on(), desk.shown_run()))
            return written(run, lines)

        monkeypatch.setattr(desk.workspace, "append_run", late)
        data = desk.checkpoint_file(head)
        desk.keep(data, CheckpointInfo(Kind.MANUAL, 8, 8), wanted)
        assert between
        assert desk.trained_on() == wanted
        head = desk.workspace.manifest.head
        between.clear()
        assert desk.train(desk.settings).wait(60)
        assert between
        assert desk.trained_on() == wanted

    def test_start_of_a_run_has_not_seen_what_that_trained_on(self, trained):
        _, desk = trained
        seen = desk.trained_on()
        again = np.random.default_rng(0).integers(0, 255, (2, 28, 28), np.uint8)
        label = desk.workspace.manifest.labels[0].id
        desk.workspace.add_samples(list(again), label, Source.DRAW)
        assert desk.train(desk.settings).wait(60)
        start = [c for c in desk.other_checkpoints() if c.info.kind is Kind.START][-1]
        assert desk.trained_on() > seen
        desk.restore(start.id)
        assert desk.trained_on() == seen

    def test_safety_copy_when_restored_is_your_model_with_its_history(self, trained):
        app, desk = trained
        seen = desk.trained_on()
        desk.choose_bundled("photos")
        desk.choose_bundled("digits")
        copy = desk.workspace.manifest.checkpoints[-1]
        assert copy.info.kind is Kind.BEFORE
        desk.restore(copy.id)
        assert desk.trained_on() == seen
        moved = desk.entries(Part.TRAIN)[0]
        desk.workspace.move_sample(moved.id, Part.TEST)
        assert desk.seen_tests() == SeenTests((moved.id,), ())
        visit(app, "Result")
        assert "Of these test samples 1 was trained on earlier" in shown(app)

    def test_leak_when_no_label_has_only_such_samples_is_not_looked_for(self, person, monkeypatch):
        def looked(*_):
            raise AssertionError

        _, desk = person
        monkeypatch.setattr("odt_core.evaluation.leaks.leakage_among", looked)
        assert desk.all_alike() == ()
        assert desk.leak() is None

    def test_result_when_much_is_to_be_prepared_is_not_waited_for(self, trained, monkeypatch):
        _, desk = trained
        found = desk.result()
        monkeypatch.setattr(desk, "near_test_known", lambda: None)
        assert desk.result() == found
        desk._result = None
        assert desk.result() is None

    def test_test_sample_when_like_another_one_counts_once(self, person):
        _, desk = person
        entry = desk.entries(Part.TEST)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        if report.added[0].part is Part.TRAIN:
            desk.workspace.move_sample(report.added[0].id, Part.TEST)
        scores = desk.scores(desk.samples(Part.TEST), desk.test_name())
        assert scores.base.different == scores.own.different == scores.own.n - 1
        assert desk.evaluations(None, desk.test_sets())[0].different == scores.own.n - 1
        assert len(desk.test_once(desk.samples(Part.TEST))) == scores.own.n - 1
        told = f"of {scores.own.different:,} right; 1 more is another over again · 95 %"
        assert told in right_of(scores.own)

    def test_figures_of_labels_and_confidences_count_what_is_the_same_once(self, trained):
        app, desk = trained
        entry = desk.entries(Part.TEST)[0]
        of_its_label = sum(one.label == entry.label for one in desk.entries(Part.TEST))
        n = len(desk.samples(Part.TEST))
        picture = desk.workspace.sample_array(entry.id).astype(int)
        again = [np.clip(picture * share, 0, 255).astype(np.uint8) for share in (0.9, 0.94, 0.97)]
        report = desk.workspace.add_samples(again, entry.label, Source.UPLOAD)
        for one in report.added:
            desk.workspace.move_sample(one.id, Part.TEST)
        visit(app, "Mistakes")
        assert f"your test samples, n = {n} different among {n + 3}" in shown(app)
        name = desk.labels.names[desk.prepared(Part.TEST).samples.y[0]]
        assert f"<td>{name}</td><td>{of_its_label}</td>" in shown(app)
        visit(app, "Confidence")
        assert f"expected calibration error, n = {n} " in shown(app)
        assert desk.unknown().n == n + 1000
        app.button(key="fit_temperature").click().run()
        assert not app.error, said(app)
        fitted = app.session_state["temperature_fitted"][1]
        assert [one.n for one in fitted.values()] == [n, n]

    def test_test_sample_when_like_another_one_counts_once_over_time(self, trained, monkeypatch):
        app, desk = trained
        entry = desk.entries(Part.TEST)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        (new,) = desk.workspace.add_samples(
            [again.astype(np.uint8)], entry.label, Source.UPLOAD
        ).added
        if new.part is Part.TRAIN:
            desk.workspace.move_sample(new.id, Part.TEST)
        drawn = []
        monkeypatch.setattr(over_time, "_mount", lambda data, **_: drawn.append(data))
        visit(app, "Over time")
        told = "of 60 right; 1 more is another over again, 95 % interval"
        assert all(told in stop["remark"] for stop in drawn[-1]["stops"])
        assert drawn[-1]["traces"][-1]["name"] == "your test samples, n = 60 different among 61"
        assert "of 60 different samples among 61" in drawn[-1]["stops"][-1]["sentence"]

    def test_label_when_all_its_samples_are_alike_is_trained_on_and_said(self, app, desk_of):
        desk = desk_of(app)
        sheet = np.full((28, 28), 255, np.uint8)
        sheet[4:24, 12:16] = 0
        label = desk.workspace.manifest.labels[1]
        items = [np.maximum(sheet, np.uint8(k)) for k in range(4)]
        desk.workspace.add_samples(items, label.id, Source.DRAW)
        assert desk.near_test() == {}
        assert len(desk.samples(Part.TRAIN)) == 3
        visit(app, "Test samples")
        assert "the test says little" in shown(app)
