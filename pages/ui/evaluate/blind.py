"""Blind A/B: the audience gives inputs, two unnamed models answer, votes are counted at the end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import streamlit as st

from odt_core.evaluation import mcnemar
from odt_core.samples import decode_image
from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.canvas import sketch
from pages.ui.desk import Desk
from pages.ui.evaluate.large import Stage, stage, verdict
from pages.ui.numbers import figure as short
from pages.ui.say import count

_GAME = "blind_game"


class Vote(StrEnum):
    """What the audience thinks of the two answers."""

    A = "A is better"
    B = "B is better"
    BOTH = "Both are right"
    NEITHER = "Neither is"


@dataclass(frozen=True)
class Round:
    """One vote; own_is_a: whether A was the personalised model."""

    own_is_a: bool
    vote: Vote

    @property
    def points(self) -> tuple[int, int]:
        """(base, own)."""
        if self.vote is Vote.BOTH:
            return 1, 1
        if self.vote is Vote.NEITHER:
            return 0, 0
        own = (self.vote is Vote.A) == self.own_is_a
        return int(not own), int(own)


@dataclass(frozen=True)
class Game:
    """Votes so far and the side that the personalised model has in the running round."""

    own_is_a: bool
    rounds: tuple[Round, ...] = ()
    number: int = 0  # of the running round; another one gives a blank sheet
    revealed: bool = False

    def voted(self, vote: Vote) -> Game:
        """With one more vote, and the sides drawn by lot again."""
        rounds = (*self.rounds, Round(self.own_is_a, vote))
        return Game(_lot(), rounds, self.number + 1)


def blind_test(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_blind", border=True, gap="small"), trouble.shown():
        pieces.heading("Blind test", "which model answers better? Nobody knows which is which")
        if not desk.can_predict:
            pieces.note("This model has no signature that predicts.")
            return
        if not desk.trained:
            pieces.note("Train first: until then both models are the same.")
            return
        st.fragment(_play)(desk)


def _play(desk: Desk) -> None:
    game: Game = st.session_state.setdefault(_GAME, Game(_lot()))
    with trouble.shown():
        if game.revealed:
            _score(game)
            return
        left, right = st.columns([1, 1.7], gap="medium")
        with left:
            item = _input(desk, game)
        with right:
            if item is None:
                stage(Stage("Model A", "?"), Stage("Model B", "?"))
            else:
                stage(*_answers(desk, game, item))
        with st.container(key="vote", horizontal=True):
            for vote in Vote:
                st.button(
                    vote.value,
                    key=f"vote_{vote.name.lower()}",
                    disabled=item is None,
                    on_click=_vote,
                    args=(vote,),
                    width="stretch",
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            pieces.note(
                f"{count(len(game.rounds), 'vote')} so far. Sides are drawn by lot every round."
            )
            st.space("stretch")
            st.button(
                "Reveal and score",
                key="reveal",
                type="primary",
                disabled=not game.rounds,
                on_click=_reveal,
            )


def _input(desk: Desk, game: Game) -> np.ndarray | None:
    ways = ["Draw", "Upload", "Test samples"] if desk.sees_pictures else ["Test samples"]
    if st.session_state.get("blind_way") not in ways:
        st.session_state["blind_way"] = ways[0]
    way = st.segmented_control(
        "Input", ways, key="blind_way", required=True, label_visibility="collapsed"
    )
    if way == "Draw":
        return sketch("blind_pad", size=320, epoch=game.number)
    if way == "Upload":
        file = st.file_uploader(
            "A picture", key=f"blind_file_{game.number}", label_visibility="collapsed"
        )
        if file is None:
            return None
        picture = decode_image(file.getvalue(), file.name)
        st.image(picture, width=320)
        return picture
    entries = desk.entries(Part.TEST)
    if not entries:
        pieces.note("You have no test samples yet.")
        return None
    entry = entries[(game.number * 7919) % len(entries)]
    st.image(desk.workspace.thumbnail(entry.id, 320), width=320)
    return desk.workspace.sample_array(entry.id)


def _answers(desk: Desk, game: Game, item: np.ndarray) -> tuple[Stage, Stage]:
    answered = desk.answers(item)
    base, own = (_said(desk, one) for one in (answered.base, answered.own))
    a, b = (own, base) if game.own_is_a else (base, own)
    return Stage("Model A", a), Stage("Model B", b)


def _said(desk: Desk, answer: np.ndarray) -> str:
    if not desk.tells_labels:
        return ", ".join(short(float(value)) for value in answer.reshape(-1)[:3])
    used = [k for k, name in enumerate(desk.labels.names) if name is not None]
    return str(desk.labels.names[max(used, key=lambda k: float(answer[k]))])


def _score(game: Game) -> None:
    points = np.array([one.points for one in game.rounds])  # [rounds, 2]: base, own
    base, own = (int(total) for total in points.sum(axis=0))
    n = len(game.rounds)
    stage(
        Stage("Base model", str(base), f"of {count(n, 'round')}", "base"),
        Stage("Your model", str(own), f"of {count(n, 'round')}", "own"),
    )
    better = int((points[:, 1] > points[:, 0]).sum())
    worse = int((points[:, 0] > points[:, 1]).sum())
    verdict("", _sentence(better, worse, n))
    pieces.table(
        ("Round", "Model A was", "Vote"),
        [
            (str(k), "your model" if one.own_is_a else "the base model", one.vote.value)
            for k, one in enumerate(game.rounds, 1)
        ],
    )
    st.button("Play again", key="again", on_click=_again)


def _sentence(better: int, worse: int, n: int) -> str:
    """The sign test over the rounds with a preference, in words."""
    if not better + worse:
        return f"In {count(n, 'round')} nobody preferred one of the two."
    p = mcnemar(better, worse)
    counts = (
        f"Of {count(better + worse, 'round')} with a preference, {better} went to your model"
        f" and {worse} to the base model"
    )
    if p >= 0.05:
        return f"{counts}: too few to tell a real difference from chance (p = {p:.2g})."
    return f"{counts}: not chance (p = {p:.2g}, sign test)."


def _vote(vote: Vote) -> None:
    game: Game = st.session_state[_GAME]
    st.session_state[_GAME] = game.voted(vote)


def _reveal() -> None:
    st.session_state[_GAME] = replace(st.session_state[_GAME], revealed=True)


def _again() -> None:
    game: Game = st.session_state[_GAME]
    st.session_state[_GAME] = Game(_lot(), number=game.number + 1)


def _lot() -> bool:
    return secrets.randbelow(2) == 1
