"""Fair turns: who computes when trainings outnumber cores."""

import threading
import time

from odt_core.worker.turns import CoreShares


class Told:
    """Remembers what it was told."""

    def __init__(self, name: str, reachable: bool = True) -> None:
        self.name, self.reachable = name, reachable
        self.computes = False
        self.turns = 0
        self.changed = threading.Condition()

    def go(self) -> bool:
        return self._told(True)

    def hold(self) -> bool:
        return self._told(False)

    def _told(self, computes: bool) -> bool:
        with self.changed:
            if not self.reachable:
                return False
            self.turns += computes and not self.computes
            self.computes = computes
            self.changed.notify_all()
            return True

    def wait_for_turns(self, count: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.turns >= count, timeout=20)


def test_join_when_cores_are_free_then_all_compute_at_once():
    turns, a, b = CoreShares(2), Told("a"), Told("b")
    turns.join(a)
    turns.join(b)
    assert [a.computes, b.computes] == [True, True]


def test_join_when_no_core_is_free_then_the_first_come_computes_first():
    turns = CoreShares(1, slice_seconds=1000)
    runners = [Told(name) for name in "abc"]
    for runner in runners:
        turns.join(runner)
    assert [r.computes for r in runners] == [True, False, False]
    turns.leave(runners[0])
    assert [r.computes for r in runners[1:]] == [True, False]
    turns.leave(runners[1])
    assert runners[2].computes


def test_slices_when_five_share_two_cores_then_each_gets_turns_and_no_more_than_two_compute():
    turns = CoreShares(2, slice_seconds=0.01)
    runners = [Told(str(k)) for k in range(5)]
    for runner in runners:
        turns.join(runner)
    assert all(runner.wait_for_turns(3) for runner in runners)
    with turns._changed:
        assert len(turns._computing) == 2
    counts = [runner.turns for runner in runners]
    assert max(counts) - min(counts) <= 2


def test_answer_when_all_cores_train_then_one_training_waits_and_comes_back_first():
    turns = CoreShares(2, slice_seconds=1000)
    a, b, c, visitor = (Told(name) for name in ("a", "b", "c", "visitor"))
    for runner in (a, b, c):
        turns.join(runner)
    with turns.answer(visitor):
        assert [a.computes, b.computes, c.computes] == [False, True, False]
    assert [a.computes, b.computes, c.computes] == [True, True, False]


def test_answer_when_many_are_wanted_then_one_training_still_computes():
    turns = CoreShares(2, slice_seconds=1000)
    a, b, one, two, three = (Told(name) for name in ("a", "b", "1", "2", "3"))
    turns.join(a)
    turns.join(b)
    with turns.answer(one), turns.answer(two), turns.answer(three):
        assert [a.computes, b.computes].count(True) == 1


def test_answer_when_it_takes_long_then_the_training_that_waits_for_it_goes_on():
    turns = CoreShares(2, slice_seconds=0.01, answer_seconds=0.05)
    a, b, visitor = Told("a"), Told("b"), Told("visitor")
    for runner in (a, b):
        turns.join(runner)
    time.sleep(0.2)  # as long as nobody waits for a core, nothing is due to happen
    with turns.answer(visitor):
        deadline = time.monotonic() + 20
        while not (a.computes and b.computes):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_answer_when_its_own_training_computes_then_nobody_has_to_wait():
    turns = CoreShares(1, slice_seconds=1000)
    a = Told("a")
    turns.join(a)
    with turns.answer(a):
        assert a.computes
    assert a.turns == 1


def test_slices_when_one_cannot_be_told_then_the_others_go_on():
    turns = CoreShares(1, slice_seconds=0.01)
    hung, b, c = Told("hung", reachable=False), Told("b"), Told("c")
    for runner in (hung, b, c):
        turns.join(runner)
    assert b.wait_for_turns(3)
    assert c.wait_for_turns(3)


def test_slices_when_one_can_be_told_again_then_it_is():
    turns = CoreShares(1, slice_seconds=1000)
    slow = Told("slow", reachable=False)
    turns.join(slow)
    assert not slow.computes
    slow.reachable = True
    assert slow.wait_for_turns(1)


def test_leave_when_it_never_joined_then_nothing_happens():
    turns = CoreShares(1)
    turns.leave(Told("stranger"))
    runner = Told("a")
    turns.join(runner)
    turns.join(runner)
    time.sleep(0.02)
    assert (runner.computes, runner.turns) == (True, 1)


def test_weigh_when_a_training_uses_all_cores_then_it_computes_alone():
    turns = CoreShares(2, slice_seconds=1000)
    wide, a, b = Told("wide"), Told("a"), Told("b")
    turns.join(wide)
    turns.weigh(wide, 2)
    turns.join(a)
    turns.join(b)
    assert [wide.computes, a.computes, b.computes] == [True, False, False]
    turns.leave(wide)
    assert [a.computes, b.computes] == [True, True]


def test_weigh_when_a_core_is_missing_then_the_one_that_computes_longest_waits():
    turns = CoreShares(2, slice_seconds=1000)
    a, b = Told("a"), Told("b")
    turns.join(a)
    turns.join(b)
    turns.weigh(b, 2)
    assert [a.computes, b.computes] == [False, True]


def test_weigh_when_slices_end_then_the_wide_and_the_narrow_take_turns():
    turns = CoreShares(2, slice_seconds=0.01)
    runners = [Told(name) for name in ("wide", "a", "b")]
    for runner in runners:
        turns.join(runner)
    turns.weigh(runners[0], 2)
    assert all(runner.wait_for_turns(5) for runner in runners)


def test_weigh_when_a_worker_claims_more_cores_than_there_are_then_it_still_computes():
    turns = CoreShares(2, slice_seconds=1000)
    runner = Told("boaster")
    turns.join(runner)
    turns.weigh(runner, 10**9)
    assert runner.computes
    turns.leave(runner)
    turns.weigh(runner, 2)  # it has left: nothing is kept of it
    assert not turns._threads
