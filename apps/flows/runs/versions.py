"""The versions of flows that runs stand on, compiled."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.db import DatabaseError

from apps.flows import definition
from apps.flows.engine.graph import Compiled
from apps.flows.models import FlowVersion

logger = logging.getLogger(__name__)


def compiled(ids: Iterable[UUID]) -> dict[UUID, Compiled]:
    """Return {id: version}, without those that are no more, or cannot be compiled: the log has why.

    One statement, where some are not compiled yet.
    """
    kept = {id: definition.kept(id) for id in ids}
    found = {id: version for id, version in kept.items() if version}
    missing = kept.keys() - found.keys()
    for row in FlowVersion.objects.filter(pk__in=missing).select_related("flow") if missing else ():
        try:
            found[row.pk] = definition.compile(row)
        except DatabaseError:
            raise  # that says nothing of the version
        except Exception:  # a node of another package that is gone, or raises: others go on
            logger.exception("A version of a flow cannot be compiled", extra={"version": str(row.pk)})
    return found
