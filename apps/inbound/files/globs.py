"""Patterns of paths: * and ? within a folder, **/ over folders of any depth."""

import re
from collections.abc import Callable

# Who writes a file under such a name renames it once it is whole.
_UNFINISHED = re.compile(r"(^|/)\.[^/]*$|\.(tmp|part|partial|crdownload|filepart|swp)$|~$", re.IGNORECASE)


def matcher_of(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a path matches."""
    compiled = re.compile("".join(map(_piece, re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern))), re.DOTALL)
    return lambda path: compiled.fullmatch(path) is not None and not _UNFINISHED.search(path)


def _piece(text: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return known.get(text) or re.escape(text)
