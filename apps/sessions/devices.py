"""A person is known on so many devices and no more: those that were not seen for longest are let go."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

# The names of people take their room first, then the devices in hand, and then those that were seen last.
LET_GO: Final = """
WITH own AS (
  SELECT id AS raw_id, id AS person_id FROM unnest(%(people)s::uuid[]) AS person (id)
  UNION SELECT origin_id, profile_id FROM profiles_alias WHERE profile_id = ANY(%(people)s)
), ranked AS (
  SELECT identifier.id, own.person_id,
    identifier.kind = 'anonymous' AND NOT identifier.id = ANY(%(in_hand)s::uuid[]) AND row_number() OVER (
      PARTITION BY own.person_id
      ORDER BY identifier.kind = 'anonymous', NOT identifier.id = ANY(%(in_hand)s::uuid[]),
        greatest(identifier.created_at, session.last_seen_at) DESC, identifier.id
    ) > %(most)s AS is_old
  FROM own JOIN profiles_identifier AS identifier ON identifier.profile_id = own.raw_id
  LEFT JOIN cdp_sessions_session AS session ON session.id = identifier.session_id
), gone AS (
  DELETE FROM profiles_identifier USING ranked WHERE profiles_identifier.id = ranked.id AND is_old
)
UPDATE profiles_profile SET identifier_count = counted.n
FROM (SELECT person_id, count(*) FILTER (WHERE NOT is_old) AS n FROM ranked GROUP BY person_id) AS counted
WHERE profiles_profile.id = counted.person_id
"""


def let_go(people: Collection[UUID], *, in_hand: Collection[UUID]) -> None:
    """Forget the oldest devices of people who have more identifiers than one may have; one statement.

    The caller holds the profiles. Devices in hand, by their identifiers, stay: whoever uses one now is recognised.
    """
    if people:
        most = settings.MAX_IDENTIFIERS_PER_PROFILE
        with connection.cursor() as cursor:
            cursor.execute(LET_GO, {"people": list(people), "in_hand": list(in_hand), "most": most})
