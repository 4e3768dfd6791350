"""The form of a source: what all have, and what proves the messages of webhooks. Secrets go in, and never out."""

import json
from typing import Any, Final

from django import forms

from apps.core.admin.settings_form import form_fields, initial_of, read_from, shown_while
from apps.core.encryption import Unreadable
from apps.core.typed_settings import secret_names, settings_of
from apps.events import webhook_signing
from apps.events.models import Source
from apps.events.webhook_signing import Signing

PREFIX: Final = "signing_"
SIGNING: Final = tuple(PREFIX + setting.name for setting in settings_of(Signing))
WEBHOOKS: Final = ("creates_profiles", "profile_id_path", "session_id_path", "message_id_path")
# What only some kinds have; a bridge is no visitor, and robots that click are marked.
_OF_KINDS: Final = {
    **dict.fromkeys((*SIGNING, *WEBHOOKS), (Source.Kind.WEBHOOK,)),
    "bots": (Source.Kind.API,),
    "allowed_origins": (Source.Kind.API, Source.Kind.WEBHOOK),
    "allowed_networks": (Source.Kind.API, Source.Kind.WEBHOOK),
}


class _SourceForm(forms.ModelForm[Source]):
    """A source."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept = _kept(self.instance)
        made = form_fields(Signing, prefix=PREFIX, kept=self._kept)
        self.fields.update({name: field for name, field in made.items() if name in self.fields})
        self.initial.update(initial_of(Signing, self.instance.signing, prefix=PREFIX))
        for name, kinds in _OF_KINDS.items():
            if name in self.fields:
                shown_while(self.fields[name], "kind", kinds)
        if f"{PREFIX}tolerance" in self.fields:
            of_time = [f"{PREFIX}scheme", "hmac", f"{PREFIX}timestamp_header"]
            self.fields[f"{PREFIX}tolerance"].widget.attrs["data-hidden-without"] = json.dumps(of_time)

    def clean(self) -> dict[str, Any]:
        """Put what was typed into the row, secrets where no page reads them."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == Source.Kind.WEBHOOK and set(SIGNING) <= set(self.fields):
            signing = read_from(self, Signing, prefix=PREFIX, kept=self._kept)
            if signing is not None:
                typed = [name for name in webhook_signing.SECRETS if cleaned.get(PREFIX + name)]
                for problem in webhook_signing.problems_of_new(signing, typed):
                    self.add_error(PREFIX + problem.path, problem.message)
                webhook_signing.fill(self.instance, signing)
        return cleaned

    @property
    def typed_secrets(self) -> list[str]:
        """The names of the secrets that somebody typed."""
        names = secret_names(Signing)
        return [name for name in self.changed_data if name.removeprefix(PREFIX) in names]


SourceForm: Final = type("SourceForm", (_SourceForm,), dict(form_fields(Signing, prefix=PREFIX)))


def _kept(row: Source) -> dict[str, str]:
    """Return the secrets that may stay; none where no key opens them: they have to be entered anew."""
    try:
        return webhook_signing.stored_secrets(row.signing_secrets)
    except Unreadable:
        return {}
