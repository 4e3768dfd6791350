"""The version is the newest of the changelog."""

import pytest

from cdp.version import CHANGELOG, VERSION, read_version


def test_the_first_heading_counts() -> None:
    assert read_version("# Changelog\n\nwords 9.9.9\n\n## 1.2.3\n\n- new\n\n## 1.2.2\n") == "1.2.3"


def test_a_changelog_without_a_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="no heading"):
        read_version("# Changelog\n")


def test_the_changelog_has_one() -> None:
    assert read_version(CHANGELOG.read_text()) == VERSION
