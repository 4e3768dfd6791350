"""What a fresh installation needs before it is of use: tables, static files, an administrator, something to look at."""

import secrets
from datetime import UTC, datetime

from django.contrib.auth import get_user_model
from django.core.management import call_command

from apps.console import samples
from apps.events.models import Source
from apps.events.store.maintenance import maintain
from cdp.checks import check_database_log


def prepare(*, wants_samples: bool) -> list[str]:
    """Bring the installation up to date, and return what the operator should know; safe to run at each start."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    now = datetime.now(UTC)
    maintain(now=now)
    told = [f"Warning         {found.msg} {found.hint}" for found in check_database_log(None, databases=["default"])]
    if wants_samples and not Source.objects.exists():
        told.append(f"Samples         {samples.load(now=now)}")
    password = create_first_administrator()  # last: a failure after it would hide the password for ever
    if password:
        told.append(f"Administrator   admin, password {password} (shown once: change it)")
    return told


def create_first_administrator() -> str | None:
    """Make the user `admin` when nobody administers yet, and return the password; None when somebody does."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    return password
