"""What was made of samples and kept in memory: the least recently used goes first."""

from __future__ import annotations

from odt_core.workspace.recent import Recent


class TestRecent:
    def test_get_when_known_gives_what_was_put(self):
        kept = Recent[bytes](10, len)
        kept.put("a", 96, b"small")
        assert kept.get("a", 96) == b"small"
        assert kept.get("a", 80) is None
        assert kept.get("b", 96) is None

    def test_put_beyond_the_limit_drops_the_least_recently_used(self):
        kept = Recent[bytes](10, len)
        for name in "abc":
            kept.put(name, 0, b"123")
        kept.get("a", 0)
        assert kept.knows("b", 0)  # which is no use of it
        kept.put("d", 0, b"123")
        assert [name for name in "abcd" if kept.knows(name, 0)] == ["a", "c", "d"]

    def test_put_again_counts_the_new_value_alone(self):
        kept = Recent[bytes](10, len)
        for _ in range(5):
            kept.put("a", 0, b"123456")
        kept.put("b", 0, b"1234")
        assert kept.get("a", 0) == b"123456"
        assert kept.get("b", 0) == b"1234"

    def test_put_of_more_than_the_limit_keeps_nothing(self):
        kept = Recent[bytes](10, len)
        kept.put("a", 0, b"1234")
        kept.put("b", 0, b"12345678901")
        assert not kept.knows("a", 0)
        assert not kept.knows("b", 0)

    def test_forget_drops_all_that_was_made_of_a_content_and_frees_its_room(self):
        kept = Recent[bytes](10, len)
        for made in (80, 96):
            kept.put("a", made, b"1234")
        kept.put("b", 96, b"1")
        kept.forget({"a", "unheard of"})
        kept.put("c", 96, b"123456789")
        assert [name for name in "abc" if kept.knows(name, 96)] == ["b", "c"]
