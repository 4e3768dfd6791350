"""Consent types: each wording is kept, since a decision proves nothing without its words."""

import pytest
from django.core.exceptions import ValidationError

from apps.profiles.models import ConsentType
from tests.factories import ConsentTypeFactory

pytestmark = pytest.mark.django_db


def test_each_wording_gets_a_version_of_its_own() -> None:
    kind = ConsentTypeFactory(text="You may write to me.")

    kind.text = "You may write to me, once a month."
    kind.save()

    assert kind.text_version == 2
    assert dict(kind.texts.values_list("version", "text")) == {
        1: "You may write to me.",
        2: "You may write to me, once a month.",
    }


def test_other_changes_leave_the_wording_as_it_is() -> None:
    kind = ConsentTypeFactory()

    kind.name = "Letters"
    kind.save()

    assert (ConsentType.objects.get().text_version, kind.texts.count()) == (1, 1)


@pytest.mark.parametrize("consent_id", ["Marketing", "e.mail", "-x", "a b", ""])
def test_an_id_is_one_that_paths_and_events_can_name(consent_id: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ConsentTypeFactory.build(id=consent_id, name="x").full_clean()

    assert "id" in refusal.value.message_dict


def test_a_consent_that_expires_at_once_is_refused() -> None:
    with pytest.raises(ValidationError) as refusal:
        ConsentTypeFactory.build(valid_days=0).full_clean()

    assert "valid_days" in refusal.value.message_dict
