"""Rows that wait are worked on by one worker at a time, again when it dies or fails, and not for ever."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.db import OperationalError, connection, connections, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.core import claims
from apps.core.claims import DIED, Claimable, Lease, Mark
from tests.core.chores import Chore, chores, put

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LEASE, TRIES = Chore.LEASE, Chore.MAX_ATTEMPTS
BACKOFF = list(Chore.BACKOFF)


@pytest.fixture
def table(db: None) -> Iterator[None]:
    claims._marks.clear()
    with chores():
        yield


@pytest.fixture
def shared_table(transactional_db: None) -> Iterator[None]:
    claims._marks.clear()
    with chores():
        yield


def finish(leases: list[Lease]) -> list[Chore]:
    with transaction.atomic():
        rows = claims.held(Chore, leases)
        for row in rows:
            row.end()
        claims.write(rows)
    return rows


def fail(leases: list[Lease], *, now: datetime, error: str = "it hurts") -> list[Chore]:
    with transaction.atomic():
        rows = claims.held(Chore, leases)
        for row in rows:
            row.fail(error, now=now)
        claims.write(rows)
    return rows


@pytest.mark.usefixtures("table")
def test_what_has_waited_longest_is_claimed_first() -> None:
    later, first = put(due_at=NOW)[0], put(due_at=NOW - timedelta(days=1))[0]
    put(due_at=NOW + timedelta(seconds=1))

    assert claims.claim(Chore, 1, now=NOW) == [Lease(first.pk, 1, first.owner_id, first.due_at)]
    assert [lease.pk for lease in claims.claim(Chore, 9, now=NOW)] == [later.pk]
    assert claims.claim(Chore, 9, now=NOW) == []


@pytest.mark.usefixtures("table")
def test_what_is_in_time_is_claimed_behind_what_is_late() -> None:
    [late], [timely] = put(due_at=NOW - timedelta(days=1)), put(due_at=NOW)

    assert [lease.pk for lease in claims.claim(Chore, 9, now=NOW, since=NOW - timedelta(minutes=1))] == [timely.pk]
    assert [lease.pk for lease in claims.claim(Chore, 9, now=NOW)] == [late.pk]


@pytest.mark.usefixtures("table")
def test_a_scope_is_claimed_by_itself() -> None:
    put(due_at=NOW - LEASE, place="garden")
    kitchen = put(2, due_at=NOW, place="kitchen")

    leases = claims.claim(Chore, 9, now=NOW, place="kitchen")

    assert {lease.pk for lease in leases} == {row.pk for row in kitchen}


@pytest.mark.usefixtures("table")
def test_what_is_done_is_over_and_keeps_what_was_written() -> None:
    [row] = put(due_at=NOW)
    leases = claims.claim(Chore, 9, now=NOW)

    with transaction.atomic():
        [mine] = claims.held(Chore, leases)
        mine.state = {"rooms": 3}
        mine.end()
        claims.write([mine], "state")

    row.refresh_from_db()
    assert (row.state, row.due_at, row.attempts, row.error) == ({"rooms": 3}, None, 0, "")
    assert claims.claim(Chore, 9, now=NOW + timedelta(days=9)) == []
    assert finish(leases) == []


@pytest.mark.usefixtures("table")
def test_a_worker_that_does_not_come_back_loses_its_rows_and_may_not_write() -> None:
    put(due_at=NOW)
    dead = claims.claim(Chore, 9, now=NOW)

    assert claims.claim(Chore, 9, now=NOW + LEASE - timedelta(seconds=1)) == []
    again = claims.claim(Chore, 9, now=NOW + LEASE)

    assert [lease.pk for lease in again] == [lease.pk for lease in dead]
    assert finish(dead) == []
    assert len(finish(again)) == 1


@pytest.mark.usefixtures("table")
def test_a_lease_that_ran_out_still_counts_while_nobody_else_took_the_row() -> None:
    put(due_at=NOW)

    assert len(finish(claims.claim(Chore, 9, now=NOW))) == 1


@pytest.mark.usefixtures("table")
def test_a_lease_is_renewed_by_who_has_it() -> None:
    put(2, due_at=NOW)
    mine = claims.claim(Chore, 9, now=NOW)
    finish(mine[:1])

    assert claims.renew(Chore, mine, now=NOW + LEASE) == mine[1:]

    assert claims.claim(Chore, 9, now=NOW + LEASE) == []
    other = claims.claim(Chore, 9, now=NOW + 2 * LEASE)
    assert claims.renew(Chore, mine, now=NOW + 2 * LEASE) == []
    assert claims.renew(Chore, other, now=NOW + 2 * LEASE) == other


@pytest.mark.usefixtures("table")
def test_what_fails_rests_longer_each_time_and_is_given_up_in_the_end() -> None:
    [row] = put(due_at=NOW)
    now, rests = NOW, []

    for _ in range(TRIES - 1):
        fail(claims.claim(Chore, 9, now=now), now=now)
        row.refresh_from_db()
        assert row.due_at
        rests.append(row.due_at - now)
        now = row.due_at
    fail(claims.claim(Chore, 9, now=now), now=now, error="too bad")

    row.refresh_from_db()
    assert rests == BACKOFF[: TRIES - 1]
    assert (row.due_at, row.dead_at, row.attempts, row.error) == (None, now, TRIES, "too bad")
    assert claims.claim(Chore, 9, now=now + timedelta(days=9)) == []


@pytest.mark.usefixtures("table")
def test_the_last_rest_is_taken_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chore, "MAX_ATTEMPTS", 99)
    row = Chore(attempts=50)

    row.fail("it hurts", now=NOW)

    assert row.due_at == NOW + BACKOFF[-1]


@pytest.mark.usefixtures("table")
def test_what_was_given_up_is_revived_with_all_its_attempts() -> None:
    [row] = put(due_at=NOW)
    row.give_up("no", now=NOW)
    row.revive(now=NOW)
    row.save()

    assert len(claims.claim(Chore, 9, now=NOW)) == 1
    row.refresh_from_db()
    assert (row.attempts, row.dead_at) == (1, None)


@pytest.mark.usefixtures("table")
def test_what_goes_on_has_all_its_attempts_and_older_leases_stay_void() -> None:
    """A fence that began anew with the attempts would let whoever comes back from an older step write."""
    put(due_at=NOW)
    old = claims.claim(Chore, 9, now=NOW)
    later = NOW + LEASE
    newer = claims.claim(Chore, 9, now=later)
    with transaction.atomic():
        rows = claims.held(Chore, newer)
        rows[0].postpone(later)
        claims.write(rows)

    claims.claim(Chore, 9, now=later)

    row = Chore.objects.get()
    assert (row.attempts, row.leases) == (1, 3)
    assert finish(old) == []


@pytest.mark.usefixtures("table")
def test_what_kills_its_workers_is_given_up() -> None:
    [row], now = put(due_at=NOW), NOW
    for _ in range(TRIES):
        assert claims.heal(Chore, now=now) == []
        assert claims.claim(Chore, 9, now=now)
        now += LEASE

    assert claims.claim(Chore, 9, now=now) == []
    assert [dead.pk for dead in claims.heal(Chore, now=now)] == [row.pk]

    row.refresh_from_db()
    assert (row.dead_at, row.due_at, row.error) == (now, None, DIED)


@pytest.mark.usefixtures("shared_table")
def test_a_claim_is_a_transaction_of_its_own() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        claims.claim(Chore, 1, now=NOW)


@pytest.mark.usefixtures("table")
def test_the_number_of_statements_does_not_grow_with_the_rows(django_assert_num_queries: Any) -> None:
    for count in (1, 30):
        put(count, due_at=NOW)
        with django_assert_num_queries(8):  # two transactions of four: begin, two statements, commit
            leases = claims.claim(Chore, 500, now=NOW)
            finish(leases)
        assert len(leases) == count


@pytest.mark.usefixtures("table")
def test_a_claim_reads_no_more_than_it_takes_however_much_waits() -> None:
    """Whatever the planner knows: nothing yet, or how it was when nothing waited."""
    put(5_000, due_at=NOW)
    assert "Seq Scan" not in plans()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chores_chore SET due_at = NULL")
        cursor.execute("ANALYZE chores_chore")
        cursor.execute("UPDATE chores_chore SET due_at = %s", [NOW])
    assert "Seq Scan" not in plans()
    assert "Sort" not in plans()


def plans() -> str:
    """Ask how rows would be claimed, from the first one on, from a time on, and from a mark on."""
    lines = []
    with connection.cursor() as cursor:
        for after in ([], [NOW], [NOW, Chore().pk]):
            statement = claims._claiming(Chore, (), place=("due_at", "id")[: len(after)])
            cursor.execute(f"EXPLAIN {statement}", [NOW, TRIES, *after, 100, NOW])
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


def test_every_model_whose_rows_wait_has_an_index_of_those_that_do_and_cannot_be_dead_and_due() -> None:
    waiting = [model for model in django_apps.get_models() if issubclass(model, Claimable)]

    assert waiting
    for model in waiting:
        assert any("due_at" in index.fields and index.condition for index in model._meta.indexes), model
        assert any(each.name.endswith("_waits_or_is_dead") for each in model._meta.constraints), model


# Several workers


@pytest.mark.usefixtures("shared_table")
def test_many_workers_do_each_row_once() -> None:
    put(2_000, due_at=NOW)
    begin = Barrier(4)

    def work(_: int) -> list[Any]:
        done: list[Any] = []
        begin.wait()
        try:
            while leases := claims.claim(Chore, 37, now=NOW):
                done += (row.pk for row in finish(leases))
        finally:
            connection.close()
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [pk for each in pool.map(work, range(4)) for pk in each]

    assert len(done) == len(set(done)) == 2_000
    assert not Chore.objects.filter(due_at__isnull=False).exists()
    assert set(Chore.objects.values_list("leases", flat=True)) == {1}


@pytest.mark.usefixtures("shared_table")
def test_rows_of_a_worker_that_is_killed_come_back_as_they_were() -> None:
    put(3, due_at=NOW)

    def work() -> None:
        with transaction.atomic():
            rows = claims.held(Chore, claims_before)
            for row in rows:
                row.state = {"half": "done"}
                row.end()
            claims.write(rows, "state")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    claims_before = claims.claim(Chore, 9, now=NOW)
    with ThreadPoolExecutor(1) as pool, pytest.raises(OperationalError):
        pool.submit(work).result()

    assert len(finish(claims.claim(Chore, 9, now=NOW + LEASE))) == 3
    assert list(Chore.objects.values_list("state", flat=True)) == [{}, {}, {}]


@pytest.mark.usefixtures("shared_table")
def test_a_row_that_is_just_being_written_is_healed_by_nobody() -> None:
    """Whoever heals waits for who holds it, and finds that it is over."""
    put(due_at=NOW)
    Chore.objects.update(attempts=TRIES - 1)
    leases = claims.claim(Chore, 9, now=NOW)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            rows = claims.held(Chore, leases)
            healing = pool.submit(_closing, claims.heal, Chore, now=NOW + LEASE)
            rows[0].end()
            claims.write(rows)
        assert healing.result() == []


def _closing(work: Any, *arguments: Any, **options: Any) -> Any:
    try:
        return work(*arguments, **options)
    finally:
        connections.close_all()


# The mark


@pytest.mark.usefixtures("shared_table")
def test_rows_that_are_committed_late_are_found_before_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "SPARED", 10**9)  # a look from the first row on is made only when nothing is found
    put(30, due_at=NOW)
    late = connection.copy()
    try:
        late.set_autocommit(False)
        with late.cursor() as cursor:
            row = Chore(due_at=NOW - timedelta(days=1))
            columns = "id, owner_id, place, state, due_at, leases, attempts, error"
            cursor.execute(
                f"INSERT INTO chores_chore ({columns}) VALUES (%s, %s, '', '{{}}', %s, 0, 0, '')",
                [row.pk, row.owner_id, row.due_at],
            )
        claimed = [claims.claim(Chore, 10, now=NOW)]
        late.commit()
    finally:
        late.close()

    while claimed[-1]:
        claimed.append(claims.claim(Chore, 10, now=NOW))

    pks = [lease.pk for leases in claimed for lease in leases]
    assert len(pks) == len(set(pks)) == 31
    assert pks[-1] == row.pk


@pytest.mark.usefixtures("table")
def test_rows_that_are_due_at_one_instant_are_all_found_behind_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "SPARED", 10**9)
    put(100, due_at=NOW)

    pks = [lease.pk for _ in range(10) for lease in claims.claim(Chore, 10, now=NOW)]

    assert len(set(pks)) == 100


def test_a_look_from_the_first_row_on_is_made_again_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks, mark = [0.0], [], Mark()
    monkeypatch.setattr(claims.time, "monotonic", lambda: clock[0])

    def look(place: Any) -> list[Any]:
        looks.append(place)
        clock[0] += 1  # each look takes a second
        return [(clock[0], "row")]

    for _ in range(21):
        mark.find(look)

    assert looks == [None, *map(float, range(1, 20)), None]
    mark.rewind()
    mark.find(look)
    assert looks[-1] is None


# The law


class Workers(RuleBasedStateMachine):
    """Whatever workers do, and whenever they die: each row is done exactly once, or dead after its attempts."""

    def __init__(self) -> None:
        super().__init__()
        Chore.objects.all().delete()
        claims._marks.clear()
        self.now = NOW
        self.leases: list[Lease] = []  # of all workers, dead ones and slow ones too
        self.claimed: Counter[Any] = Counter()
        self.done: Counter[Any] = Counter()
        self.n_put = 0

    @rule(count=st.integers(1, 4), secs=st.integers(-120, 60))
    def put(self, count: int, secs: int) -> None:
        put(count, due_at=self.now + timedelta(seconds=secs))
        self.n_put += count

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        due = {row.pk for row in Chore.objects.filter(due_at__lte=self.now, attempts__lt=TRIES).only("pk")}
        leases = claims.claim(Chore, limit, now=self.now)
        assert {lease.pk for lease in leases} <= due
        assert len(leases) <= limit
        assert bool(leases) == bool(due)
        self.leases += leases
        self.claimed.update(lease.pk for lease in leases)

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """Be it in time or too late, and perhaps a second time."""
        self.done.update(row.pk for row in finish(self._some(data)))

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        fail(self._some(data), now=self.now)

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        claims.renew(Chore, self._some(data), now=self.now)

    @rule(secs=st.integers(1, 600))
    def pass_time(self, secs: int) -> None:
        self.now += timedelta(seconds=secs)

    @rule()
    def heal(self) -> None:
        claims.heal(Chore, now=self.now)

    @invariant()
    def nothing_is_done_twice_or_tried_too_often(self) -> None:
        assert all(count == 1 for count in self.done.values())
        assert all(count <= TRIES for count in self.claimed.values())

    def teardown(self) -> None:
        """Let one worker do what is left."""
        while waiting := Chore.objects.filter(due_at__isnull=False).order_by("-due_at").first():
            self.now = max(self.now, waiting.due_at or NOW)
            claims.heal(Chore, now=self.now)
            while leases := claims.claim(Chore, 3, now=self.now):
                self.claimed.update(lease.pk for lease in leases)
                self.done.update(row.pk for row in finish(leases))
        self.nothing_is_done_twice_or_tried_too_often()
        dead = {row.pk for row in Chore.objects.exclude(dead_at=None)}
        assert not dead & self.done.keys()
        assert len(dead) + len(self.done) == self.n_put
        assert all(self.claimed[pk] == TRIES for pk in dead)

    def _some(self, data: st.DataObject) -> list[Lease]:
        picked = data.draw(st.sets(st.integers(0, max(0, len(self.leases) - 1)), max_size=4))
        return [self.leases[number] for number in sorted(picked) if number < len(self.leases)]


@pytest.mark.usefixtures("table")
def test_each_row_is_done_once_or_dead_after_its_attempts() -> None:
    run_state_machine_as_test(Workers, settings=settings(max_examples=30, stateful_step_count=30, deadline=None))
