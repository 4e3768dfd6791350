"""A request that a test of a connection makes, and how far it came."""

from collections.abc import Mapping
from datetime import timedelta

from apps.bridges.connection_kind import TEST_SECS, Report
from apps.bridges.safe_addresses import goes_in_clear
from apps.core import egress
from apps.core.egress import Answer, EgressError


def ask(
    report: Report,
    url: str,
    *,
    time_out: timedelta,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Answer | None:
    """Ask an address that is safe, and note how far the request came; None where nobody answered."""
    target = egress.target_of(url)
    try:
        answer = egress.send(
            url,
            method=method,
            body=body,
            headers=headers or {},
            secs=min(time_out.total_seconds(), TEST_SECS),
            is_private=goes_in_clear(url),
        )
    except EgressError as error:
        report.unreached(error, target.host, target.port)
        return None
    if not report.findings:
        report.reached(target.host, target.port, has_tls=target.scheme == "https")
    return answer
