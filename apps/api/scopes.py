"""What a key may be good for: each method of a view names the scope that it asks for."""

from django.db.models import TextChoices

from apps.core.keys import scopes


class Scope(TextChoices):
    """The scopes of this API, as keys and docs/profile-api.md have them; a key that has none is good for nothing."""

    PROFILES_READ = "profiles:read", "Read profiles, their events and segments"
    PROFILES_WRITE = "profiles:write", "Set fields of profiles"
    PROFILES_MERGE = "profiles:merge", "Merge profiles"
    CONSENTS_READ = "consents:read", "Read what people agreed to, and the ledger of it"
    CONSENTS_WRITE = "consents:write", "Record what people agree to or withdraw"
    PRIVACY_EXPORT = "privacy:export", "Export all data of a person"
    PRIVACY_ERASE = "privacy:erase", "Erase people, make them anonymous, and read the certificates"
    BACKFILLS_READ = "backfills:read", "Try mappings on stored events, and see how far back-fills are"
    BACKFILLS_WRITE = "backfills:write", "Start, pause, cancel and undo back-fills"


for scope in Scope:
    scopes.register(scope.value, scope.label)
