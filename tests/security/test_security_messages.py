"""Streamlit may not speak of an earlier message in place of sending it: pages drop them."""


def test_a_page_gets_every_message_whole(tab):
    page = tab()
    page.press("example").idle()
    for _ in range(2):
        page.rerun().idle()
    assert page.says("130 samples")
    assert not page.cacheable
    assert not page.errors
