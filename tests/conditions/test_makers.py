import pytest

from apps.conditions.makers import Makers
from apps.conditions.tree import Literal


def test_a_second_function_of_a_kind_of_node_is_an_error_that_names_both() -> None:
    makers: Makers[str] = Makers()

    @makers.register(Literal)
    def first(node: Literal) -> str:
        return "first"

    with pytest.raises(TypeError, match=r"functions of Literal: .*test_makers\.py:\d+ and .*test_makers\.py:\d+"):

        @makers.register(Literal)
        def second(node: Literal) -> str:
            return "second"

    assert makers[Literal](Literal(1)) == "first"
