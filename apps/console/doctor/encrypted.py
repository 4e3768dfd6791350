"""Can the secrets of connections and channels be read, and will they be without the older keys?"""

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands, rotating

N_NAMED = 5


@check("encryption", "Encrypted secrets")
def encryption(_patient: Patient) -> Report:
    """Look for secrets that no key of ENCRYPTION_KEYS opens, and for those that an older one does."""
    found = list(rotating.look())
    n_older = sum(each.n_older for each in found)
    report = Report(f"{sum(each.n_texts for each in found):,} secrets, which our keys open")
    lost = [f"{each.column} of the row {key}" for each in found for key in each.unreadable]
    if lost:
        report.told = f"{len(lost):,} cannot be read"
        more = f" and {len(lost) - N_NAMED:,} more" if len(lost) > N_NAMED else ""
        message = f"No key of ENCRYPTION_KEYS opens {', '.join(lost[:N_NAMED])}{more}: nothing is sent by these."
        remedy = "Put the key of the day on which they were entered behind the others, or enter them anew."
        report.broken("secret_unreadable", message, remedy)
    if n_older:
        are = "secret is" if n_older == 1 else "secrets are"
        message = f"{n_older:,} {are} encrypted with an older key, without which nobody could read them."
        report.warn("secret_of_older_key", message, "Encrypt them anew.", commands.manage("rotate_secrets"))
    return report
