"""Headers that are read in a short way mean the same as to the standard library."""

from email.utils import getaddresses

from hypothesis import given
from hypothesis import strategies as st

from apps.inbound.mails import headers, mail_reading

ATOM = st.from_regex(r"[A-Za-z0-9_+-]{1,12}", fullmatch=True)
DOTTED = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
ADDRESS = st.tuples(DOTTED, DOTTED).map("@".join)
NAME = st.lists(ATOM, min_size=1, max_size=3).map(" ".join)
PERSON = ADDRESS | st.tuples(NAME, ADDRESS).map(lambda said: f"{said[0]} <{said[1]}>")


@given(people=st.lists(PERSON, min_size=1, max_size=2).map(", ".join))
def test_who_is_named_plainly_is_who_the_standard_library_finds(people: str) -> None:
    mail = mail_reading.read(f"To: {people}\r\n\r\n".encode())

    found = {(each.name, each.email) for each in headers.addresses(mail.message, "To")}

    usable = {headers.address(email): name for name, email in reversed(getaddresses([people]))}
    assert found == {(name, email) for email, name in usable.items() if email}
