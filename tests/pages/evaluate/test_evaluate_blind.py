"""The blind test: who is voted for, what counts, and how the score is said."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.errors import WorkerError
from odt_core.worker import Worker
from odt_core.workspace import Part, Source
from pages.ui.evaluate import blind
from pages.ui.evaluate.blind import Game, Round, Vote
from tests.pages.evaluate.parts import visit
from tests.pages.page_text import said, shown


class TestBlind:
    def test_score_when_own_was_b_counts_for_own(self):
        rounds = (
            Round(own_is_a=False, vote=Vote.B),
            Round(own_is_a=True, vote=Vote.B),
            Round(own_is_a=True, vote=Vote.BOTH),
            Round(own_is_a=False, vote=Vote.NEITHER),
        )
        assert [one.points for one in rounds] == [(0, 1), (1, 0), (1, 1), (0, 0)]

    def test_vote_when_cast_begins_another_round_on_a_blank_sheet(self):
        game = Game(own_is_a=True).voted(Vote.A)
        assert game.number == 1
        assert game.rounds == (Round(own_is_a=True, vote=Vote.A),)

    def test_round_when_there_is_no_input_yet_says_what_to_do(self, trained):
        app, _ = trained
        visit(app, "Blind test")
        assert "Give both models an input, then vote for the better answer." in shown(app)

    def test_models_when_revealed_are_named_and_scored(self, trained):
        app, _ = trained
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert "Base model" not in shown(app)
        app.button(key="vote_both").click().run()
        app.button(key="vote_neither").click().run()
        app.button(key="reveal").click().run()
        assert "1 of 2" in shown(app)
        assert "rounds judged right or better" in shown(app)
        assert '"odt-stage"' not in shown(app)  # in which the models answered: a score is no answer
        assert "nobody preferred" in shown(app)

    def test_answer_when_there_was_none_is_asked_for_again_by_a_click(self, trained, monkeypatch):
        def hang(self, *given):
            raise WorkerError("The model did not answer for 60 s and was ended.")

        app, _ = trained
        visit(app, "Blind test")
        with monkeypatch.context() as fault:
            fault.setattr(Worker, "both_scores", hang)
            app.segmented_control(key="blind_way").set_value("Test samples").run()
            assert "did not answer for 60 s" in said(app)
        app.button(key="try_again").click().run()
        assert said(app) == ""
        assert not app.button(key="vote_both").disabled

    def test_test_sample_is_voted_on_once_and_the_rest_is_said(self, trained):
        app, desk = trained
        entry, *others = desk.entries(Part.TEST)
        for other in others[2:]:
            desk.workspace.move_sample(other.id, Part.TRAIN)
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        desk.workspace.move_sample(report.added[0].id, Part.TEST)
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        for _ in range(3):
            app.button(key="vote_both").click().run()
        assert {one.sample for one in blind.game_of(desk).rounds} == {
            one.id for one in (entry, *others[:2])
        }
        assert "each of your different test samples, n = 3: none counts twice" in shown(app)
        assert app.button(key="vote_both").disabled

    def test_vote_when_cast_in_two_tabs_counts_once(self, trained):
        _, desk = trained
        game = blind.game_of(desk)
        blind._vote(desk, game, Vote.BOTH, ("1", "1"))
        blind._vote(desk, game, Vote.NEITHER, ("1", "1"))
        assert [one.vote for one in blind.game_of(desk).rounds] == [Vote.BOTH]

    def test_game_when_the_model_has_changed_begins_anew(self, trained):
        _, desk = trained
        blind._vote(desk, blind.game_of(desk), Vote.BOTH, ("1", "1"))
        desk.reset_to_base()
        assert blind.game_of(desk).rounds == ()

    @pytest.mark.parametrize(
        ("better", "worse", "n", "said"),
        [
            (0, 0, 3, "In 3 rounds nobody preferred one of the two: a draw."),
            (2, 1, 4, "67 % for yours, 95 % interval 21 % to 94 %. That is too few to tell."),
            (6, 3, 9, "That may be chance, p = 0.51 (sign test)."),
            (12, 4, 16, "95 % interval 50 % to 90 %. That may be chance, p = 0.077 (sign test)."),
            (0, 5, 5, "0 % for yours, 95 % interval 0 % to 50 %. That is too few to tell."),
            (9, 1, 12, "Your model answers better: not chance, p = 0.021 (sign test)."),
            (0, 8, 8, "The base model answers better: not chance, p = 0.008 (sign test)."),
        ],
    )
    def test_score_is_said_with_its_interval_and_the_sign_test(self, better, worse, n, said):
        assert blind._sentence(better, worse, n).endswith(said)
