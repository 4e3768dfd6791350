"""What people answer, and who wants no more mail."""

import pytest

from apps.inbound.mails import replies
from apps.inbound.mails.mail_events import NotOfMode
from tests.inbound.mails.mails import all_said, mail, notification, said


def test_an_answer_says_what_it_answers_and_what_is_new_in_it() -> None:
    found = said(
        mail(
            "From: Anna <anna@shop.example>",
            "In-Reply-To: <news-2@shop.example>",
            "References: <news-1@shop.example> <news-2@shop.example>",
            text="Yes, please.\n\nOn Tue, Dec 1, 2026 at 9:00 AM Shop <a@b.example> wrote:\n> Do you want more?\n",
        ),
        "reply",
    )

    assert (found["email"], found["answers"], found["reply"]) == (
        "anna@shop.example",
        "news-2@shop.example",
        "Yes, please.",
    )
    assert found["references"] == ["news-1@shop.example", "news-2@shop.example"]
    assert "Do you want more?" in found["text"]
    assert not found["is_automatic"]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Danke!\n\nAm 01.12.2026 um 09:00 schrieb Shop <a@b.example>:\n\n> Hallo", "Danke!"),
        ("Merci\n\nLe mar. 1 déc. 2026 à 09:00, Shop <a@b.example> a écrit :\n> Bonjour", "Merci"),
        ("Si\n\nEl mar, 1 dic 2026 a las 9:00, Shop\n(<a@b.example>) escribió:\n\n> Hola", "Si"),
        ("No.\n\n-----Original Message-----\nFrom: Shop\nHello", "No."),
        ("No.\n\nFrom: Shop <a@b.example>\nSent: Tuesday\nTo: Anna\nSubject: News\n\nHello", "No."),
        ("No.\n\n________________________________\nVon: Shop\nHallo", "No."),
        ("> Do you?\nYes.\n> And now?\nNo.", "Yes.\nNo."),
        ("On Monday Ben wrote:\n> Do you?\n\nYes.", "Yes."),
        ("Yes.\n-- \nAnna, Shop", "Yes."),
        ("On that, I wrote nothing.", "On that, I wrote nothing."),
        ("> only quoted", "> only quoted"),
        ("", ""),
    ],
)
def test_what_is_quoted_is_cut_off(text: str, own: str) -> None:
    assert replies.own_text(text) == own


def test_the_quotation_of_html_is_cut_off_as_well() -> None:
    html = (
        "<style>p {}</style><p>Yes,<br>please</p><div>On Monday Shop wrote:<blockquote>Do you?<p>x</blockquote></div>"
    )

    found = said(mail("From: a@b.example", "In-Reply-To: <1@b>", "Content-Type: text/html", text=html), "reply")

    assert found["reply"] == "Yes,\nplease"
    assert "> Do you?" in found["text"]


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk", "Precedence: auto_reply"],
)
def test_what_a_machine_answers_is_flagged(header: str) -> None:
    assert said(mail("From: a@b.example", "In-Reply-To: <1@b>", header), "reply")["is_automatic"]
    assert not said(mail("From: a@b.example", "In-Reply-To: <1@b>", "Auto-Submitted: no"), "reply")["is_automatic"]


def test_what_answers_nothing_is_no_reply() -> None:
    with pytest.raises(NotOfMode, match="It answers no mail"):
        all_said(mail("From: a@b.example", "Subject: Re: News"), "reply")


@pytest.mark.parametrize(
    ("lines", "text", "email", "by", "tag"),
    [
        (["To: leave+anna=shop.example@news.example"], "", "anna@shop.example", "address", "anna=shop.example"),
        (["Delivered-To: leave+1+x=b.example@n.example", "To: leave@n"], "", "x@b.example", "address", "1+x=b.example"),
        (["To: leave+k7f3@news.example"], "", "ben@b.example", "sender", "k7f3"),
        (["To: leave@news.example", "Subject: unsubscribe anna@shop.example"], "", "anna@shop.example", "subject", ""),
        (["To: leave@news.example"], "Please remove anna@shop.example.", "anna@shop.example", "text", ""),
        (["To: leave@news.example"], "anna@shop.example or carla@shop.example", "ben@b.example", "sender", ""),
        (["To: leave@news.example"], "Stop\n> From: news@shop.example", "ben@b.example", "sender", ""),
    ],
)  # fmt: skip
def test_who_wants_no_more_is_told_by_the_address_the_words_or_the_sender(
    lines: list[str], text: str, email: str, by: str, tag: str
) -> None:
    found = said(mail("From: Ben <ben@b.example>", *lines, text=text), "unsubscribe")

    assert (found["email"], found["by"], found["tag"]) == (email, by, tag)


def test_machines_and_notifications_unsubscribe_nobody() -> None:
    for other in (
        mail("From: a@b.example", "Auto-Submitted: auto-replied"),
        notification("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0"),
        mail("From: nobody", "To: leave@news.example"),
    ):
        with pytest.raises(NotOfMode):
            all_said(other, "unsubscribe")
