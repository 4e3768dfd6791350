"""What there is to read of nodes: all of it, by groups, found by words."""

import pytest

from apps.core.mistakes import DefinitionError
from apps.flows.describing import node_pages
from apps.flows.node import kinds


def keys(wanted: str) -> list[str]:
    return [page.key for group in node_pages.found(wanted) for page in group.pages]


def test_each_kind_stands_in_its_group_once() -> None:
    groups = node_pages.groups()

    assert sorted(keys("")) == sorted(kinds)
    assert [group.title for group in groups[:2]] == ["Nodes in which time passes", "What is written to people"]
    assert [page.key for page in groups[0].pages[:2]] == ["wait", "wait-until"]
    assert all(page.group == group.key for group in groups for page in group.pages)


def test_nodes_are_found_by_the_words_that_stand_on_their_pages() -> None:
    assert keys("polar NIGHT") == ["day-or-night"]
    assert "map-value" in keys("look table")
    assert "read-as" in keys("decimal mark")  # a setting of it
    assert keys("discord nothing-has-this") == ["discord"]  # none has both
    assert keys("nothing-has-this") == []
    assert len(keys("")) == len(kinds)


def test_whoever_mistypes_a_key_is_told_what_they_meant() -> None:
    with pytest.raises(DefinitionError, match=r"Did you mean set-fields\?"):
        node_pages.named("set-field")


def test_settings_within_lists_are_told_of_by_their_paths() -> None:
    names = [row.name for row in node_pages.named("set-fields").settings]

    assert names == ["fields", "fields.field", "fields.operation", "fields.value"]
