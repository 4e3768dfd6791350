"""A new app touches its own folders and INSTALLED_APPS: page, panel, menu, role, queue, schedule, event are found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdp.processes import BASE_DIR
from tests.live import own_database

SETTINGS = 'from cdp.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, "toys"]\n'
TOYS = {
    "models.py": """
from django.db import models

class Toy(models.Model):
    name = models.CharField(max_length=40)
    broke_at = models.DateTimeField()

    def __str__(self):
        return self.name
""",
    "admin/__init__.py": """
from django.contrib import admin
from apps.core.admin.base import ModelAdmin
from toys.models import Toy

@admin.register(Toy)
class ToyAdmin(ModelAdmin):
    list_display = ("name",)
""",
    "admin/panels.py": """
from apps.core.admin.panels import SIDE, panel
from apps.profiles.models import Profile

@panel(Profile, SIDE, title="Toys", order=90, needs=("toys.view_toy",))
def toys_of(request, row):
    return f"{request.user} looks at the toys of {row.pk}"
""",
    "menu.py": """
from apps.core.menu import entry
from toys.models import Toy

entry(Toy, "Toys", 290, icon="toys")
""",
    "roles.py": """
from apps.core.roles import ANALYST, actions, grant

grant("profiles.view_profile", *actions("toys.toy"), to=["Player"])
""",
    "jobs.py": """
from datetime import timedelta
from apps.core import queues
from apps.core.jobs import enqueue, job
from django.utils import timezone
from apps.events.store.emitting import Emission, emit
from apps.profiles.models import Profile
from toys.models import Toy
from toys.platform_events import BROKE

SHELF = queues.declare("toys:shelf")

@job(queue=queues.DEFAULT, every=timedelta(minutes=5))
def look_for_toys(**_newer):
    '''Let toys break that are old.'''
    enqueue(break_toys)
    return "They are looked for."

@job(queue=SHELF)
def break_toys(**_newer):
    now = timezone.now()
    owner = Profile.objects.get()
    emit([Emission(BROKE.type, owner.pk, f"{toy.pk}", now, {"toy": toy.name}) for toy in Toy.objects.all()],
         is_silent=False, now=now)
""",
    "platform_events.py": """
from apps.events.platform_events import PlatformEvent, declare

BROKE = declare(PlatformEvent("toy-broke", "Toy Broke", properties={"toy": "text"}))
""",
}
LOOK = """
import json, django
django.setup()
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_rq import get_queue
from apps.console.management.commands import cron
from apps.events.models import Event
from apps.profiles.models import Profile
from toys.jobs import look_for_toys, break_toys
from toys.models import Toy

call_command("migrate", verbosity=0, run_syncdb=True)
with open("printed", "w") as printed:
    call_command("partitions", stdout=printed)
    now = timezone.now()
    times = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), now)
    owner = Profile.objects.create(**times)
    Toy.objects.create(name="Bear", broke_at=now)
    player, stranger = (User.objects.create(username=name, is_staff=True) for name in ("player", "stranger"))
    player.groups.add(Group.objects.get(name="Player"))
    stranger.groups.add(Group.objects.get(name="Analyst"))
    found = {}
    for user in (player, stranger):
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        person = client.get(reverse("admin:profiles_profile_change", args=[owner.pk])).content.decode()
        found[user.username] = {
            "page": client.get(reverse("admin:toys_toy_changelist")).status_code,
            "panel": f"{user} looks at the toys of {owner.pk}" in person,
            "menu": f'href="{reverse("admin:toys_toy_changelist")}"' in person,
        }
    queue = get_queue("toys:shelf")
    queue.empty()
    look_for_toys()
    found["queued"] = [job.func_name for job in queue.jobs]
    clock = cron.Scheduler.of_all_jobs().get_jobs()
    found["clock"] = [(job.func_name, job.interval) for job in clock if job.func_name.startswith("toys.")]
    queue.empty()
    break_toys()
    call_command("ingest", once=True, stdout=printed)
    [event] = Event.objects.filter(type="toy-broke")
    found["event"] = [event.properties["toy"], event.profile_id == owner.pk]
print(json.dumps(found))
"""
FILES = {"__init__.py": "", **TOYS}


def start(folder: Path, *command: str, changed: dict[str, str] | None = None, **env: str) -> tuple[int, str, str]:
    """Start a Python process in which the app is installed, some of its files being others."""
    for name, source in {**FILES, **(changed or {})}.items():
        path = folder / "toys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    (folder / "installed.py").write_text(SETTINGS)
    paths = os.pathsep.join([str(folder), str(BASE_DIR)])
    whole = {**os.environ, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "installed", **env}
    done = subprocess.run(
        [sys.executable, *command], env=whole, cwd=folder, capture_output=True, text=True, timeout=110
    )
    return done.returncode, done.stdout, done.stderr


def test_all_that_an_app_declares_works(tmp_path: Path) -> None:
    with own_database(has_tables=True) as database:
        code, printed, said = start(tmp_path, "-c", LOOK, DATABASE_URL=database)

    assert code == 0, said
    assert json.loads(printed.splitlines()[-1]) == {
        "player": {"page": 200, "panel": True, "menu": True},
        "stranger": {"page": 403, "panel": False, "menu": False},
        "queued": ["toys.jobs.break_toys"],
        "clock": [["toys.jobs.look_for_toys", 300]],
        "event": ["Bear", True],
    }


WRITTEN = """
import json, django
django.setup()
from tests.declares import outdated, written
texts = written()
print(json.dumps({name: texts[name] for name in outdated()}))
"""


def test_the_lists_of_other_apps_stay_as_they_are(tmp_path: Path) -> None:
    """All that is written down of an app is a file of its own and rows of the tables, by one command."""
    code, printed, said = start(tmp_path, "-c", WRITTEN)

    assert code == 0, said
    texts = json.loads(printed)
    assert texts.keys() == {"tests/toys/declares.json", "docs/event-types.md", "docs/queues.md"}
    assert json.loads(texts["tests/toys/declares.json"]) == {
        "menu": ["290 Toys > Toys: toys.toy, needs toys.view_toy"],
        "roles": {
            "Player": ["profiles.view_profile", "toys.add_toy", "toys.change_toy", "toys.delete_toy", "toys.view_toy"]
        },
        "events": ["toy-broke"],
    }
    before = (BASE_DIR / "docs" / "queues.md").read_text().split("\n")
    assert [line for line in texts["docs/queues.md"].split("\n") if line not in before] == [
        "| `toys:shelf` | break_toys | `manage.py rqworker toys:shelf` | | | |",
        "| `look_for_toys` | 0:05:00 | let toys break that are old |",
    ]


WRONG = {
    "menu entry twice": ("menu.py", 'entry(Toy, "Toys", 290, icon="toys")\n', "menu entry admin:toys_toy_changelist"),
    "menu entry without a page": (
        "menu.py",
        'from apps.profiles.models import Alias\nentry(Alias, "Toys", 291, icon="toys")\n',
        "menu.py:7: there is no admin page of profiles.Alias",
    ),
    "page that obeys no rules": (
        "admin/__init__.py",
        "admin.site.unregister(Toy)\n\n@admin.register(Toy)\nclass Plain(admin.ModelAdmin): ...\n",
        "the page Plain of toys.Toy does not inherit from apps.core.admin.base.ModelAdmin",
    ),
    "panel without a slot": ("admin/panels.py", 'panel(Profile, "cellar")(print)\n', "panels.py:8: there is no slot"),
    "job without a queue": ("jobs.py", "@job()\ndef lost(**_newer): ...\n", "toys/jobs.py"),
    "queue of nobody's": ("jobs.py", "@job(queue=queues.Queue('no'))\ndef lost(**_newer): ...\n", "toys/jobs.py"),
    "clock's in a queue of its own": (
        "jobs.py",
        "@job(queue=SHELF, every=timedelta(minutes=1))\ndef lost(**_newer): ...\n",
        "the clock cannot run the job toys.jobs.lost: it goes into toys:shelf",
    ),
    "roles as one text": ("roles.py", "grant('toys.view_toy', to=ANALYST)\n", "roles.py:5: roles are listed"),
    "unknown permission": ("roles.py", 'grant("toys.fly_toy", to=[ANALYST])\n', "roles.py:5: there is no permission"),
    "event of senders": ("platform_events.py", 'declare(PlatformEvent("page-view", "Page"))\n', "platform_events.py:5"),
    "event twice": ("platform_events.py", 'declare(PlatformEvent("toy-broke", "Again"))\n', "platform_events.py:5"),
}


WEB = ("-c", "import cdp.wsgi")
MANAGE = (str(BASE_DIR / "manage.py"),)
OTHERS = {
    "check": (*MANAGE, "check"),
    "worker": (*MANAGE, "rqworker", "toys:shelf", "--burst"),
    "shell": (*MANAGE, "shell", "-c", "print('It runs.')"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_stops_the_process_and_names_the_file(tmp_path: Path, name: str) -> None:
    file, line, told = WRONG[name]

    code, _, said = start(tmp_path, *WEB, changed={file: TOYS[file] + line})

    assert code != 0
    assert told in said
    assert f"toys/{file}" in said


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_wrong_with_pages_stops_processes_that_serve_none(tmp_path: Path, name: str) -> None:
    file, line, told = WRONG["panel without a slot"]

    code, printed, said = start(tmp_path, *OTHERS[name], changed={file: TOYS[file] + line})

    assert (code, printed) == (2, "")
    assert f"toys/admin/{told}" in said


def test_a_shell_starts_where_nothing_is_wrong(tmp_path: Path) -> None:
    code, printed, _ = start(tmp_path, *OTHERS["shell"])

    assert (code, printed.splitlines()[-1]) == (0, "It runs.")
