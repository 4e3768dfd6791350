"""What a key may be good for: each method of a view names the scope that it asks for; and what people need for it."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices

from apps.core.keys import permissions, scopes


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
    BRIDGES_READ = "bridges:read", "Read bridges, and how they go"
    BRIDGES_WRITE = "bridges:write", "Pause and resume bridges"
    CONNECTIONS = "connections", "See, make, change, try and release connections to other systems; no secret comes out"
    FLOWS_READ = "flows:read", "Read flows, their versions and figures"
    FLOWS_WRITE = "flows:write", "Make flows, and change and delete their drafts"
    FLOWS_PUBLISH = "flows:publish", "Publish flows, and switch them on, off and to pause"
    FLOWS_START = "flows:start", "Let people enter flows by hand"
    RUNS_READ = "runs:read", "Read who is in which flow, where they wait, and what was done for them"
    RUNS_WRITE = "runs:write", "Let those who wait go on now, skip what they wait for, and end their runs"
    DELIVERIES_READ = (
        "deliveries:read",
        "Read what was sent to other systems, and what they answered",
    )
    DELIVERIES_WRITE = "deliveries:write", "Try deliveries again, and cancel them"


SEES_PII: Final = "profiles.view_pii"
_PEOPLE: Final = ("profiles.view_profile", SEES_PII)
_RUNS: Final = ("flows.view_run", *_PEOPLE)
_FLOWS: Final = ("flows.view_flow",)
# What the admin asks for, for the same. All other scopes are for keys alone.
OF_PEOPLE: Final[Mapping[Scope, tuple[str, ...]]] = {
    Scope.FLOWS_READ: _FLOWS,
    # Conditions come masked to who may see no personal data: saving would store the mask.
    Scope.FLOWS_WRITE: (*_FLOWS, "flows.change_flow", SEES_PII),
    Scope.FLOWS_PUBLISH: (*_FLOWS, "flows.publish_flow"),
    Scope.FLOWS_START: (*_FLOWS, "flows.start_flow"),
    Scope.RUNS_READ: _RUNS,
    Scope.RUNS_WRITE: (*_RUNS, "flows.change_run"),
    Scope.PROFILES_READ: _PEOPLE,
    Scope.DELIVERIES_READ: ("bridges.view_delivery", *_PEOPLE),
}

for _scope, _asked in OF_PEOPLE.items():
    permissions.register(_scope.value, _asked)
for scope in Scope:
    scopes.register(scope.value, scope.label)
