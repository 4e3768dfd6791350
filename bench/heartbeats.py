"""Heartbeats: what a run costs beside the query that only selects whom it is about, and what becomes of killed ones."""

from tests.live import Live

PEOPLE = """
INSERT INTO profiles_profile (
    id, name, country, is_anonymous, created_at, updated_at, first_seen_at, last_seen_at, last_active_at, visit_count,
    event_count, identifier_count, data, traits, interests, consents, stats, aux, provenance, computed_states, computed,
    computed_version
) SELECT lpad(to_hex(n), 32, '0')::uuid, '', '', true, now(), now(), now(), now(), now(), 0, 0, 0, '{}', '{}', '{}',
    '{}', '{}', '{}', '{}', '{}', '{}', 0
FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING RETURNING id
"""
SESSIONS = """
INSERT INTO cdp_sessions_session (
    id, client_id, profile_id, original_profile_id, source_id, channel, status, started_at, last_seen_at,
    last_active_at, visit_count, visits, event_count, page_count, entry_page, exit_page, referrer, language, country,
    is_bot, device, os, app, utm, geo, context, properties
) SELECT gen_random_uuid(), '', person, person, gen_random_uuid(), '', 'active', at - interval '5 minutes', at,
    at, 1, '[]', 2, 2, '', '', '', '', '', false, '{}', '{}', '{}', '{}', '{}', '{}', '{}'
FROM (
    SELECT lpad(to_hex(1 + n %% %s), 32, '0')::uuid AS person, now() - interval '1 hour' - n * interval '1 second' AS at
    FROM generate_series(1, %s) AS n
) AS made RETURNING id
"""
N_PEOPLE = 1_000


def make_idle(live: Live, count: int) -> None:
    """Make so many sessions of a thousand people, that are open and idle for an hour or more."""
    live.rows(PEOPLE, N_PEOPLE)
    assert len(live.rows(SESSIONS, N_PEOPLE, count)) == count
