"""Signatures of webhooks, by the examples of their specification."""

from datetime import UTC, datetime

import pytest

from apps.core import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_is_that_of_the_specification() -> None:
    """Its example: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md."""
    found = signing.signature(
        SECRET, id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp="1614265330", body=b'{"test": 2432232314}'
    )

    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_replaced_both_sign() -> None:
    other, at = signing.new_secret(), datetime(2026, 5, 4, 12, tzinfo=UTC)

    both = signing.headers([SECRET, other], id="1", now=at, body=b"{}")
    alone = signing.headers([other], id="1", now=at, body=b"{}")

    assert both["webhook-timestamp"] == "1777896000"
    assert both["webhook-signature"].split()[1] == alone["webhook-signature"]


@pytest.mark.parametrize(
    "secret", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64", "whsec_é"]
)
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        signing.check_secret(secret)


def test_a_secret_that_was_made_is_one() -> None:
    signing.check_secret(signing.new_secret())
    signing.check_secret(SECRET)
