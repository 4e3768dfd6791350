"""Lists as spreadsheets save them: in the form, which guesses the column, and by the command, which is told."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.profiles.models import Profile
from apps.segments.list_files import Choice, ListError, ListFile, open_text
from apps.segments.models import Segment
from tests.factories import ProfileFactory, SegmentFactory
from tests.segments.people import members

pytestmark = pytest.mark.django_db
ROWS = [
    ["Name", "E-mail (work, private)", "Umsatz"],
    ["Zoë", "zoe@example.com", "12,50"],
    ["Bo", "bo@example.com", "7"],
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


def saved(separator: str = ",", encoding: str = "utf-8", ending: str = "\r\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=ending).writerows(ROWS)
    return text.getvalue().encode(encoding)


@pytest.fixture
def guests() -> Segment:
    row: Segment = SegmentFactory.create(key="guests", kind=Segment.Kind.LIST)
    return row


@pytest.fixture
def zoe() -> Profile:
    row: Profile = ProfileFactory.create(email="zoe@example.com")
    return row


@pytest.fixture
def upload(admin_client: Client, guests: Segment) -> Callable[..., str]:
    def send(body: bytes, page: str = "segments_list", **choices: str) -> str:
        file = SimpleUploadedFile("list.csv", body)
        address = reverse(f"admin:{page}", args=[guests.pk])
        return admin_client.post(address, {"file": file, "mode": "add", **choices}).content.decode()

    return send


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_files_of_spreadsheets_are_read_as_they_are(separator: str, encoding: str, ending: str, zoe: Profile) -> None:
    found = ListFile(open_text(io.BytesIO(saved(separator, encoding, ending))))

    assert (found.separator, found.rows) == (separator, ROWS)
    assert found.guess() == Choice(1, has_header=True)
    assert [name for _, name in found.names(found.guess())] == ["zoe@example.com", "bo@example.com"]


@pytest.mark.parametrize("body", [saved(";", "utf-8-sig"), saved("\t", "utf-16")])
def test_an_upload_finds_the_column_and_tells_what_came_of_it(
    upload: Callable[..., str], body: bytes, zoe: Profile
) -> None:
    text = upload(body)

    assert members("guests") == {zoe.id}
    assert "2 lines: 1 entered, 0 left, 1 named nobody" in text
    assert "1 of 2 found" in text
    assert "Line 3: bo@example.com" in text
    assert "The first line was taken for the names of the columns" in text


def test_the_first_lines_are_shown_before_anything_is_done(upload: Callable[..., str], zoe: Profile) -> None:
    text = upload(saved(";"), "segments_list_look")

    assert '<option value="2" selected>E-mail (work, private)</option>' in text
    assert '<option value="header" selected>' in text
    for cell in ("<td>Zoë</td>", "<b>zoe@example.com</b>", ">found<", ">nobody<", "Of the first 2 lines 1 names"):
        assert cell in text
    assert members("guests") == set()


def test_another_column_can_be_chosen_for_these_lines(upload: Callable[..., str], zoe: Profile) -> None:
    head = upload(saved(), "segments_list_look").partition('name="looked_at" value="')[2].partition('"')[0]
    choices = {"column": "1", "first_line": "person", "looked_at": head}

    assert "3 lines: 0 entered" in upload(saved(), **choices)
    # Of another file it says nothing.
    other = saved().replace(b"Zo\xc3\xab", b"Zoe")
    assert "2 lines: 1 entered" in upload(other, **choices)


@pytest.mark.parametrize(
    "names", ["zoe@example.com", "nobody\nzoe@example.com\n", "Customer\tMail\nz\tzoe@example.com\n"]
)
def test_names_that_are_pasted_are_all_names(admin_client: Client, guests: Segment, zoe: Profile, names: str) -> None:
    admin_client.post(reverse("admin:segments_list", args=[guests.pk]), {"names": names, "mode": "add"})

    assert members("guests") == {zoe.id}


def test_somebody_nobody_knows_is_not_taken_for_the_name_of_a_column() -> None:
    assert ListFile(["carla\n", "bo\n"]).guess() == Choice()
    assert ListFile(["1\n", "2\n"]).guess() == Choice()
    assert ListFile([]).guess() == Choice()


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"Anna\n\xff\xfe\n", "not in UTF-8"), (b"a\n" * 30 + b"\xff\xfe\n", "not in UTF-8"), (b"", "empty")],
)
def test_what_is_no_list_is_refused_in_a_sentence(upload: Callable[..., str], body: bytes, message: str) -> None:
    for page in ("segments_list", "segments_list_look"):
        assert message in upload(body, page)


def test_a_file_that_is_too_long_is_refused(upload: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.segments.admin.list_form.MAX_LINES", 1)

    assert "more than 1 lines" in upload(saved())
    assert members("guests") == set()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("column", ["e-mail (work, private)", "2"])
def test_the_command_takes_a_column_by_its_name_or_number(
    guests: Segment, zoe: Profile, tmp_path: Path, encoding: str, column: str
) -> None:
    (tmp_path / "list.csv").write_bytes(saved(";", encoding))
    out = io.StringIO()
    call_command("segment", "import", "guests", str(tmp_path / "list.csv"), "--column", column, stdout=out)

    assert json.loads(out.getvalue())["n_entered"] == 1
    assert members("guests") == {zoe.id}


def test_a_column_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ListError, match=r"There is no column 4; the first line has name, e-mail"):
        ListFile(open_text(io.BytesIO(saved()))).chosen("4")
