"""Settings that are wrong, or dangerous once others than this machine come in."""

from typing import Final

from django.conf import settings as values
from django.core import checks as django_checks
from django.db import DatabaseError

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands
from cdp.checks import LOCAL_HOSTS

# Of what Django says about a deployment; cdp/checks.py says the rest, by what our settings are called.
OF_DEPLOYMENT: Final = frozenset({"security.W009", "security.W018", "security.W020"})


@check("settings", "Settings")
def settings(_patient: Patient) -> Report:
    """Make the system checks, those of a deployment too where the public may come in."""
    is_public = bool(set(values.ALLOWED_HOSTS) - LOCAL_HOSTS)
    report = Report("open to others than this machine" if is_public else "for this machine alone")
    found = django_checks.run_checks(include_deployment_checks=is_public)
    try:
        found += django_checks.run_checks(tags=[django_checks.Tags.database], databases=["default"])
    except DatabaseError:
        report.told += ", those of PostgreSQL not seen"
    for each in found:
        if each.id and each.id.startswith("security.") and each.id not in OF_DEPLOYMENT:
            continue
        note = report.broken if each.is_serious() else report.warn
        note(
            each.id or "check",
            each.msg,
            each.hint or "See docs/settings.md, and docs/operations.md, Security.",
            commands.manage("check"),
        )
    if values.DEBUG:
        report.warn("debug", "DEBUG is on: error pages show source code.", "Set DEBUG=0 where others come in.")
    return report
