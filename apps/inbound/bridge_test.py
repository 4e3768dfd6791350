"""Tries a bridge: whether its connection lets us in, and whether what it is to read is there."""

from apps.bridges import connections
from apps.bridges.connection_kind import Report
from apps.inbound.opening import Opened
from apps.inbound.received import Failure


def tried(opened: Opened) -> Report:
    """Try it now, without consuming anything, and say of each part how it went."""
    bridge = opened.bridge
    report = connections.kind_of(bridge.connection).test(opened.connection) if bridge.connection else Report()
    if not report.is_well:
        return report
    try:
        opened.kind.look(opened.connection, opened.settings, report)
    except Failure as failure:
        report.failed(failure.part, failure.told)
    return report
