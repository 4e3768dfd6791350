"""The pages of people in the admin's menu."""

from apps.core.menu import IDENTITY, PEOPLE, PRIVACY, entry
from apps.profiles.models import (
    BlockedIdentifier,
    ConsentType,
    ErasedId,
    Merge,
    PrivacyRequest,
    Profile,
)

entry(Profile, PEOPLE, 110, icon="group")
entry(Merge, IDENTITY, 210, icon="merge")
entry(BlockedIdentifier, IDENTITY, 240, icon="person_off")
entry(ConsentType, PRIVACY, 410, icon="handshake")
entry(PrivacyRequest, PRIVACY, 440, icon="contact_mail", title="Requests")
entry(ErasedId, PRIVACY, 450, icon="person_off", title="Tombstones")
