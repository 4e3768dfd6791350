"""One word for each thing, everywhere: ARCHITECTURE.md lists them under Words. People are they."""

import re
from collections.abc import Iterator

from cdp.processes import BASE_DIR

FOLDERS = ("apps", "bench", "cdp", "deploy", "docker", "docs", "frontend", "rehearsal", "static", "templates", "tests")
TEXTS = {".css", ".html", ".js", ".lark", ".md", ".py", ".toml", ".ts", ".yaml"}


def parts(*words: str) -> re.Pattern[str]:
    """Return what finds the words, also as parts of names: of_his, SegmentEdition."""
    either = "|".join(f"[{word[0].upper()}{word[0]}]{word[1:]}" for word in words)
    return re.compile(rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?:{either})(?![a-z])")


PRONOUNS = parts("he", "his", "him", "himself")
# What is a version, a state, fixed, a dead letter, a tier now.
FORMER = parts("editions?", "tally", "tallies", "mend", "mends", "mended", "parks", "parked", "waves?")
QUOTED = {"tests/conditions/test_legacy.py": ["He"]}  # a value of its condition


def texts() -> Iterator[tuple[str, str]]:
    """Yield (path, text) of all that people read, but for migrations, which tell of their day, and this guard.

    Nobody reads what was built of it.
    """
    built = BASE_DIR / "static" / "editor"
    paths = [*BASE_DIR.glob("*.*"), *(path for folder in FOLDERS for path in (BASE_DIR / folder).rglob("*.*"))]
    for path in paths:
        if (
            path.suffix in TEXTS
            and built not in path.parents
            and not {"migrations", "node_modules", "test_words.py"} & set(path.parts)
        ):
            yield path.relative_to(BASE_DIR).as_posix(), path.read_text()


def found(words: re.Pattern[str]) -> dict[str, list[str]]:
    told = {name: words.findall(text) for name, text in texts()}
    return {name: words for name, words in told.items() if words and words != QUOTED.get(name)}


def test_people_are_they() -> None:
    assert found(PRONOUNS) == {}


def test_what_has_a_new_word_goes_by_it() -> None:
    assert found(FORMER) == {}


def test_each_word_of_the_glossary_means_one_thing() -> None:
    glossary = (BASE_DIR / "ARCHITECTURE.md").read_text().partition("## Words")[2]
    words = re.findall(r"\*\*(.+?)\*\*", glossary)

    assert len(words) == len(set(words)) > 30
