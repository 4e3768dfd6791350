"""E-mail, by the server that EMAIL_URL names."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage

from apps.alerts.delivery import ChannelKind, DeliveryError, Notice, register
from apps.alerts.models import Channel


def send(channel: Channel, notice: Notice) -> None:
    """Send one mail to all recipients; a repetition has the same Message-ID, by which mailboxes know it."""
    if lacks():
        raise DeliveryError(lacks())
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    mail = EmailMessage(
        subject=" ".join(notice.title.split()),
        body=f"{notice.text}\n",
        to=channel.recipients.split(),
        headers={"Message-ID": f"<{notice.id}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise DeliveryError(f"The mail server said {error.smtp_code}: {said[:200]}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise DeliveryError(f"The mail server takes none of the recipients ({', '.join(map(str, codes))}).") from None
    except smtplib.SMTPException as error:
        raise DeliveryError(f"The mail server broke off ({type(error).__name__}).") from None
    except OSError as error:
        reason = (error.strerror or "no answer in time").lower()
        raise DeliveryError(f"No connection to the mail server {settings.EMAIL_HOST}: {reason}.") from None


def lacks() -> str:
    """Say that there is no mail server, if so."""
    return "" if settings.EMAIL_HOST else "No mail server is set: EMAIL_URL has to name one."


register(
    "email",
    ChannelKind(
        title="E-mail",
        about="To one mailbox, or several.",
        icon="mail",
        order=10,
        has_recipients=True,
        has_secret=False,
        send=send,
        lacks=lacks,
    ),
)
