"""Blind A/B: the audience gives inputs, two unnamed models answer, votes are counted at the end."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.evaluation import FEWEST_CHANGES, mcnemar, wilson
from odt_core.evaluation.comparison import p_words
from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.ask_again import or_ask_again
from pages.ui.canvas import sketch
from pages.ui.desk import Desk
from pages.ui.evaluate.large import Number, Stage, numbers, stage, verdict
from pages.ui.number_inputs import (
    can_type,
    fitting_target,
    numbers_from_file,
    show_numbers,
    typed_numbers,
)
from pages.ui.numbers import first_of
from pages.ui.picture_answers import given_back, in_pictures, target_uri
from pages.ui.previews import show_picture
from pages.ui.say import count, percent
from pages.ui.turns import Urgency, fragment
from pages.ui.untested import untested
from pages.ui.uploads import picture_in

_MOST = 6  # numbers of an answer that are shown


class Vote(StrEnum):
    """What the audience thinks of the two answers."""

    A = "A is better"
    B = "B is better"
    BOTH = "Both are right"
    NEITHER = "Neither is"
    EQUAL = "Equally good"  # of numbers and pictures, which are seldom simply right


@dataclass(frozen=True)
class Round:
    """One vote; own_is_a: whether A was the personalised model. a, b: what they had answered.
    sample: id of the test sample that was shown, if it was one.
    """

    own_is_a: bool
    vote: Vote
    a: str = ""
    b: str = ""
    sample: str | None = None

    @property
    def points(self) -> tuple[int, int]:
        """(base, own)."""
        if self.vote is Vote.BOTH:
            return 1, 1
        if self.vote in (Vote.NEITHER, Vote.EQUAL):
            return 0, 0
        own = (self.vote is Vote.A) == self.own_is_a
        return int(not own), int(own)


@dataclass(frozen=True)
class Game:
    """Votes so far and the side that the personalised model has in the running round. about: equal
    as long as it is the same model that plays. All tabs of a person play one game, on the server:
    which model is which is nowhere in the page before the end, and a refresh loses no vote.
    """

    own_is_a: bool
    about: object = None
    rounds: tuple[Round, ...] = ()
    number: int = 0  # of the running round; another one gives a blank sheet
    revealed: bool = False

    def voted(self, vote: Vote, a: str = "", b: str = "", sample: str | None = None) -> Game:
        """With one more vote, and the sides drawn by lot again."""
        rounds = (*self.rounds, Round(self.own_is_a, vote, a, b, sample))
        return Game(_lot(), self.about, rounds, self.number + 1)


@dataclass(frozen=True)
class _Input:
    """What is asked of both (None: nothing yet), the numbers that a model of values is to answer,
    and the id of the test sample that it is.
    """

    item: np.ndarray | None = None
    target: np.ndarray | None = None
    sample: str | None = None


@dataclass(frozen=True)
class _Answer:
    """What one model answers: shown in words, or as a picture (a data URI); said, in the table at
    the end. alike: equal where nobody could tell two answers apart.
    """

    shown: str
    picture: str
    said: str
    alike: str


_UNKNOWN = _Answer("?", "", "?", "?")

_games: WeakKeyDictionary[Desk, Game] = WeakKeyDictionary()
_lock = threading.Lock()


def game_of(desk: Desk) -> Game:
    """The running game; another one when the model has changed since."""
    about = (desk.model, desk.labels, desk.workspace.manifest.head)
    with _lock:
        game = _games.get(desk)
        if game is None or game.about != about:
            game = _games[desk] = Game(_lot(), about, number=game.number + 1 if game else 0)
        return game


def _set(desk: Desk, before: Game, after: Game) -> None:
    """Unless another tab was faster: a round has one vote."""
    with _lock:
        if _games.get(desk) == before:
            _games[desk] = after


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
        fragment(_play, Urgency.CLICK)(desk)


def _play(desk: Desk) -> None:
    game = game_of(desk)
    with trouble.shown(), or_ask_again(desk):
        if desk.busy:
            pieces.note(f"{desk.training_is}. When it has ended, play.")
            return
        if game.revealed:
            _score(desk, game)
            return
        left, right = st.columns([1, 1.7], gap="medium")
        with left:
            given = _Input()
            with trouble.shown():  # an input that cannot be read leaves the rest where it is
                given = _input(desk, game)
            item, target = given.item, given.target
            if target is not None and desk.answers_pictures:
                pieces.pictures([("Target", target_uri(target, desk.contract), "")])
            elif target is not None:
                pieces.note(f"It should be {first_of(target, _MOST)}.")
        with right:
            a, b = (_UNKNOWN, _UNKNOWN) if item is None else _answers(desk, game, item, target)
            said, same = (a.said, b.said), a.alike == b.alike  # then neither is better
            stage(
                Stage("Model A", a.shown, picture=a.picture),
                Stage("Model B", b.shown, picture=b.picture),
            )
        with st.container(key="vote", horizontal=True):
            for vote in _votes(desk):
                st.button(
                    vote.value,
                    key=f"vote_{vote.name.lower()}",
                    disabled=item is None or (same and vote in (Vote.A, Vote.B)),
                    on_click=_vote,
                    args=(desk, game, vote, said, given.sample),
                    width="stretch",
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            hint = "Sides are drawn by lot every round."
            if item is None:
                hint = "Give both models an input, then vote for the better answer."
            elif same:
                hint = "They agree" + (": are both right?" if desk.tells_labels else ".")
            votes = count(len(game.rounds), "vote")
            pieces.note(f"Round {len(game.rounds) + 1}, {votes} so far. {hint}")
            st.space("stretch")
            st.button(
                "Reveal and score",
                key="reveal",
                type="primary",
                disabled=not game.rounds,
                on_click=_reveal,
                args=(desk, game),
            )


def _input(desk: Desk, game: Game) -> _Input:
    """What the audience gives."""
    ways = ["Test samples", *(["Type"] if can_type(desk) else []), "Upload"]
    if desk.sees_pictures:
        ways = ["Upload", "Camera"] if desk.sees_photos else ["Draw", "Upload"]
        ways.append("Test samples")
    if st.session_state.get("blind_way") not in ways:
        st.session_state["blind_way"] = ways[0]
    way = st.segmented_control(
        "Input", ways, key="blind_way", required=True, label_visibility="collapsed"
    )
    if way == "Draw":
        return _Input(sketch("blind_pad", size=320, epoch=game.number))
    if way == "Type":
        return _Input(typed_numbers(desk, f"blind_typed_{game.number}"))
    if way == "Upload" and not desk.sees_pictures:
        found = numbers_from_file(desk, f"blind_file_{game.number}", f"blind_row_{game.number}")
        if found is None:
            return _Input()
        show_numbers(desk, found[0])
        return _Input(found[0], None if desk.why_unscored else found[1])
    if way == "Upload":
        file = st.file_uploader(
            "A picture", key=f"blind_file_{game.number}", label_visibility="collapsed"
        )
        if file is None:
            return _Input()
        picture = picture_in(file)
        show_picture(picture, 320)
        return _Input(picture)
    if way == "Camera":
        photo = st.camera_input(
            "A photo", key=f"blind_photo_{game.number}", label_visibility="collapsed"
        )
        return _Input(None if photo is None else picture_in(photo, "The photo"))
    return _test_sample(desk, game)


def _test_sample(desk: Desk, game: Game) -> _Input:
    """One that was not voted on yet: a sample, and what is the same, counts once."""
    entries = desk.entries(Part.TEST)
    if not entries:
        pieces.note(untested(desk))
        return _Input()
    same = desk.test_copies(len(entries))
    if same is not None:
        entries = tuple(entries[k] for k in np.unique(same))
    seen = {one.sample for one in game.rounds}
    left = [one for one in entries if one.id not in seen]
    if not left:
        pieces.note(
            f"You have voted on each of your different test samples, n = {len(entries):,}: none "
            "counts twice. Give another input, or reveal."
        )
        return _Input()
    entry = left[(game.number * 7919) % len(left)]
    side = 200 if desk.answers_pictures else 320  # the target stands below
    st.image(desk.workspace.thumbnail(entry.id, side), width=side, alt="A test sample")
    target = None if desk.why_unscored else desk.workspace.sample_target(entry.id)
    item = desk.workspace.sample_array(entry.id)
    return _Input(item, fitting_target(desk, target), entry.id)


def _votes(desk: Desk) -> tuple[Vote, ...]:
    either = (Vote.BOTH, Vote.NEITHER) if desk.tells_labels else (Vote.EQUAL,)
    return Vote.A, Vote.B, *either


def _answers(
    desk: Desk, game: Game, item: np.ndarray, target: np.ndarray | None
) -> tuple[_Answer, _Answer]:
    """What A and B say."""
    answered = desk.answers(item)
    both = [answered.own, answered.base] if game.own_is_a else [answered.base, answered.own]
    if desk.tells_labels:
        a, b = (_label(desk, one) for one in both)
    elif desk.draws_answers:
        if desk.task is Task.RECONSTRUCTION:
            target, *both = given_back(desk, item, *both)
        a, b = (
            _Answer("", uri, remark or "a picture", uri)
            for uri, remark in in_pictures(desk, both, target)
        )
    else:
        if desk.contract.scores_each:
            both = [one.argmax(axis=-1) for one in both]
        a, b = (
            _Answer(text := first_of(one, _MOST), "", text, first_of(one, one.size)) for one in both
        )
    return a, b


def _label(desk: Desk, answer: np.ndarray) -> _Answer:
    used = [k for k, name in enumerate(desk.labels.names) if name is not None]
    name = str(desk.labels.names[max(used, key=lambda k: float(answer[k]))])
    return _Answer(name, "", name, name)


def _score(desk: Desk, game: Game) -> None:
    points = np.array([one.points for one in game.rounds])  # [rounds, 2]: base, own
    base, own = (int(total) for total in points.sum(axis=0))
    n = len(game.rounds)
    remark = f"rounds judged {'right or ' if desk.tells_labels else ''}better"
    numbers(
        Number("Base model", f"{base} of {n}", remark),
        Number("Your model", f"{own} of {n}", remark, own=True),
    )
    better = int((points[:, 1] > points[:, 0]).sum())
    worse = int((points[:, 0] > points[:, 1]).sum())
    verdict("", _sentence(better, worse, n))
    pieces.table(
        ("Round", "Base model said", "Your model said", "Your model was", "Vote"),
        [
            (
                str(k),
                *((one.b, one.a) if one.own_is_a else (one.a, one.b)),
                "A" if one.own_is_a else "B",
                one.vote.value,
            )
            for k, one in enumerate(game.rounds, 1)
        ],
    )
    st.button("Play again", key="again", on_click=_again, args=(desk, game))


def _sentence(better: int, worse: int, n: int) -> str:
    """The sign test over the rounds with a preference, and Wilson's interval, stretched to 50 %
    where that test does not reject it (as `gain_interval` is), in words.
    """
    decided = better + worse
    if not decided:
        return f"In {count(n, 'round')} nobody preferred one of the two: a draw."
    low, high = wilson(better, decided)
    p = mcnemar(better, worse)
    if p >= 0.05:
        low, high = min(low, 0.5), max(high, 0.5)
    told = (
        f"Of {count(decided, 'round')} with a preference, {better} went to your model and {worse} "
        f"to the base model: {percent(better / decided, 0)} for yours, 95 % interval "
        f"{percent(low, 0)} to {percent(high, 0)}."
    )
    if p < 0.05:
        winner = "Your model" if better > worse else "The base model"
        return f"{told} {winner} answers better: not chance, {p_words(p)} (sign test)."
    if decided < FEWEST_CHANGES:
        return f"{told} That is too few to tell."
    return f"{told} That may be chance, {p_words(p)} (sign test)."


def _vote(
    desk: Desk, game: Game, vote: Vote, said: tuple[str, str], sample: str | None = None
) -> None:
    _set(desk, game, game.voted(vote, *said, sample))


def _reveal(desk: Desk, game: Game) -> None:
    _set(desk, game, replace(game, revealed=True))


def _again(desk: Desk, game: Game) -> None:
    _set(desk, game, Game(_lot(), game.about, number=game.number + 1))


def _lot() -> bool:
    return secrets.randbelow(2) == 1
