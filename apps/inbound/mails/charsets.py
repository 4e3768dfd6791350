"""Which charsets mails are read in: those that mails are written in, and that take no longer the longer a text is.

Python knows more, by whose names a sender could have it do what nobody wants: punycode and idna need minutes for a
megabyte.
"""

import codecs
import re
from typing import Final

MAX_NAME: Final = 40
_KNOWN: Final = re.compile(
    # As Python names them.
    r"ascii|utf-(?:7|8|8-sig|16|16-le|16-be|32|32-le|32-be)|iso8859-\d{1,2}|cp\d{3,4}|koi8-[rtu]|mac-[a-z]+"
    r"|iso2022_(?:jp|kr)\w*|gb2312|gbk|gb18030|hz|big5|big5hkscs|shift_jis\w*|euc_(?:jp|jis|jisx|kr)\w*|johab|tis-620"
    r"|kz1048|ptcp154",
)


def known(name: str) -> str:
    """Return Python's name of a charset; empty where it is none that mails are read in."""
    if not 0 < len(name) <= MAX_NAME:
        return ""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if _KNOWN.fullmatch(found) else ""
