"""Migrations of one database at a time."""

import os
import subprocess

import psycopg
import pytest

from apps.console.supervision import MANAGE
from tests.live import own_database


@pytest.mark.timeout(300)
def test_two_that_migrate_an_empty_database_at_once_do_not_disturb_each_other() -> None:
    with own_database() as address:
        env = {**os.environ, "DATABASE_URL": address}
        command = [*MANAGE, "migrate", "--skip-checks", "--verbosity=0"]
        both = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(2)]

        assert [process.communicate()[1] for process in both] == ["", ""]
        assert [process.returncode for process in both] == [0, 0]
        with psycopg.connect(address) as database:
            repeated = "SELECT app, name FROM django_migrations GROUP BY app, name HAVING count(*) > 1"
            assert database.execute(repeated).fetchall() == []
