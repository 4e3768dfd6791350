"""The pages of people in the admin's menu."""

from apps.core.menu import IDENTITY, PEOPLE, PRIVACY, entry
from apps.profiles.models import (
    BlockedIdentifier,
    ConsentDecision,
    ConsentType,
    ErasedId,
    IdentityConflict,
    Merge,
    MergeRule,
    PrivacyRequest,
    Profile,
)

entry(Profile, PEOPLE, 110, icon="group")
entry(Merge, IDENTITY, 210, icon="merge")
entry(IdentityConflict, IDENTITY, 220, icon="call_split", title="Conflicts")
entry(BlockedIdentifier, IDENTITY, 240, icon="person_off")
entry(MergeRule, IDENTITY, 250, icon="rule")
entry(ConsentType, PRIVACY, 410, icon="handshake")
entry(ConsentDecision, PRIVACY, 420, icon="history_edu", title="Decisions")
entry(PrivacyRequest, PRIVACY, 440, icon="contact_mail", title="Requests")
entry(ErasedId, PRIVACY, 450, icon="person_off", title="Tombstones")
