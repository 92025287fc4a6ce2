"""Names of outputs and variables: each once."""

from odt_core.authoring.names import each_once


def test_name_that_stands_before_then_gets_the_next_number_that_is_free():
    assert each_once(["a", "b", "a", "a_2", "a", "a"]) == ["a", "b", "a_1", "a_2", "a_3", "a_4"]
