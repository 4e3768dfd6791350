"""Fields of forms and addresses: read as they were written, or refused; nothing is damaged on the way."""

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import forms
from apps.core.forms import UnknownCharset

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
FIELDS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1)


@given(FIELDS)
def test_fields_in_utf_8_are_read_as_they_were_written(fields: list[tuple[str, str]]) -> None:
    assert forms.parse(urlencode(fields).encode()) == fields


@given(st.text(st.characters(codec="cp1252"), min_size=1))
def test_fields_in_windows_1252_are_read_where_they_cannot_be_utf_8_and_where_it_is_named(text: str) -> None:
    written = text.encode("cp1252")
    is_utf_8 = True
    try:
        written.decode()
    except UnicodeDecodeError:
        is_utf_8 = False

    for charset in ("ISO-8859-1", "windows-1252", *([] if is_utf_8 else [""])):
        assert forms.parse(b"a=" + quote_plus(written).encode(), charset=charset) == [("a", text)]


@given(st.binary())
def test_any_bytes_are_read_or_refused_and_nothing_takes_their_place(raw: bytes) -> None:
    try:
        fields = forms.parse(b"a=" + quote_plus(raw).encode())
    except UnknownCharset:
        return

    assert fields[0][1] in {raw.decode(encoding, "ignore") for encoding in ("utf-8", "cp1252")}
    assert "\ufffd" not in fields[0][1] or "\ufffd".encode() in raw


@pytest.mark.parametrize("charset", ["utf8", "UTF-8", "utf_8"])
def test_a_charset_has_many_names_and_a_byte_order_mark_is_no_part_of_a_field(charset: str) -> None:
    assert forms.parse(b"\xef\xbb\xbfa=%C3%A9", charset=charset) == [("a", "é")]


@pytest.mark.parametrize("charset", ["utf-16", "shift_jis", "no-such"])
def test_another_charset_is_refused(charset: str) -> None:
    with pytest.raises(UnknownCharset):
        forms.parse(b"a=1", charset=charset)
