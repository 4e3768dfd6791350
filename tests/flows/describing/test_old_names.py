"""Who comes from the system of before finds each of its nodes: as one of ours, or with a sentence why not."""

from apps.flows.describing import old_names
from apps.flows.node import kinds

TOLD = old_names.told()
N_OLD = 162  # nodes, of which some stood in one row


def test_each_node_that_is_named_exists() -> None:
    assert {(each.name, key) for each in TOLD for key in each.nodes if key not in kinds} == set()


def test_each_old_name_stands_there_once_with_a_node_or_a_sentence() -> None:
    assert len({each.name for each in TOLD}) == len(TOLD) == N_OLD
    for each in TOLD:
        assert each.text.endswith(".")
        assert each.nodes or each.text.startswith(("No node: ", "Never: ")), each.name


def test_an_old_name_is_found_by_how_its_words_begin() -> None:
    assert [each.name for each in old_names.found("SLEEP")] == ["Sleep"]
    assert [each.name for each in old_names.found("if")] == ["If", "If its a weekend"]
    assert [each.name for each in old_names.found("bar consent")] == ["Show consent bar"]
    assert old_names.found("") == old_names.found("leep") == []


def test_a_node_knows_the_names_that_lead_to_it_first() -> None:
    assert old_names.leading_to("condition")[0] == "If"
    assert "If" not in old_names.leading_to("switch")
