"""Statements of SQL: their parameters are found where they are some, and nowhere else."""

import pytest

from apps.bridges.statements import as_driver_has_it, names_of


@pytest.mark.parametrize(
    ("statement", "names", "written"),
    [
        ("SELECT :a, :b_2, :a", {"a", "b_2"}, "SELECT %(a)s, %(b_2)s, %(a)s"),
        ("SELECT :a::numeric", {"a"}, "SELECT %(a)s::numeric"),
        ("SELECT ':no', 'it''s :no', \":no\"", set(), "SELECT ':no', 'it''s :no', \":no\""),
        ("SELECT 1 -- :no\n, :a /* :no */", {"a"}, "SELECT 1 -- :no\n, %(a)s /* :no */"),
        ("SELECT $$ :no $$, $x$ :no $$ $x$, :a", {"a"}, "SELECT $$ :no $$, $x$ :no $$ $x$, %(a)s"),
        ("SELECT 5 % 2, 'a%' LIKE :a", {"a"}, "SELECT 5 %% 2, 'a%%' LIKE %(a)s"),
        ("SELECT x[1:2]", set(), "SELECT x[1:2]"),
    ],
)
def test_parameters_are_found_and_all_else_stays(statement: str, names: set[str], written: str) -> None:
    assert names_of(statement) == names
    assert as_driver_has_it(statement) == written
