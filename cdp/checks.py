"""System checks: settings that are wrong, or dangerous once others than this machine come in.

`manage.py check` runs them, and so does each command that starts a process. E is refused, W is only told.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig
from django.apps import apps as django_apps
from django.conf import settings
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.contrib.sessions.models import Session as LoginSession
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection, models

from cdp import embedded

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "testserver"}
KEY_CHARACTERS = 32
SECRETS: Final[Mapping[str, Callable[[], Sequence[str]]]] = {
    "SECRET_KEY": lambda: [settings.SECRET_KEY],
    "IDENTITY_KEY": lambda: [settings.IDENTITY_KEY],
    "ENCRYPTION_KEYS": lambda: settings.ENCRYPTION_KEYS,
}


register(check_dependencies, Tags.admin)


@register(Tags.admin)
def check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Look at the admin's pages as Django does, once they are there."""
    import_module(settings.ROOT_URLCONF)
    found: list[CheckMessage] = check_admin_app(app_configs, **options)
    return found


@register
def check_exposure(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Look at what changes once others than this machine may come in."""
    public = sorted(set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS)
    if not public:
        return []
    found: list[CheckMessage] = []
    named = ", ".join(public)
    if settings.DEBUG:
        found.append(Error(f"DEBUG shows source code and settings to everybody who comes by {named}.", id="cdp.E001"))
    if "*" in public:
        hint = "Name the hosts by which the platform is reached."
        found.append(Warning("ALLOWED_HOSTS takes any host name, so that links can be forged.", hint, id="cdp.W001"))
    if not settings.SESSION_COOKIE_SECURE:
        hint = "Serve the admin by HTTPS and set SECURE_COOKIES=1."
        found.append(Warning("The cookies of the admin travel over plain HTTP, too.", hint, id="cdp.W002"))
    return found


@register
def check_keys(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Look at the keys: guessable ones, and those that only this machine has."""
    hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    found: list[CheckMessage] = [
        Error(f"{name} is shorter than {KEY_CHARACTERS} characters: it can be guessed.", hint, id="cdp.E002")
        for name, keys in SECRETS.items()
        if any(len(key) < KEY_CHARACTERS for key in keys())
    ]
    if os.environ.get("DATABASE_URL") and not _is_set("ENCRYPTION_KEYS"):
        message = (
            f"ENCRYPTION_KEYS is unset, and {embedded.var_dir() / 'secret_key'} would take its place: no other machine "
            "could read the secrets of connections and channels, and nor could you once the file is lost."
        )
        hint = (
            f"Set it, the same for all, and keep a copy. {hint} What this file has encrypted needs its text as a key."
        )
        found.append(Error(message, hint, id="cdp.E005"))
    if os.environ.get("DATABASE_URL") and not _is_set("IDENTITY_KEY"):
        message = (
            f"IDENTITY_KEY is unset, and {embedded.var_dir() / 'secret_key'} takes its place: whoever works on this "
            "database with another key recognises nobody, and nor do you once the file is lost."
        )
        found.append(Warning(message, "Set IDENTITY_KEY, the same for all, and keep a copy.", id="cdp.W003"))
    return found


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


# What a server of one's own may be told so that its log holds no personal data; each is the default or near it.
LOGS_NO_VALUES = {
    "log_min_error_statement": ("log", "fatal", "panic"),
    "log_error_verbosity": ("terse",),
    "log_statement": ("none", "ddl"),
    "log_min_duration_statement": ("-1",),
    "log_min_duration_sample": ("-1",),
}


@register(Tags.database)
def check_database_log(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Look whether PostgreSQL writes statements, and so personal data, into its log."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(LOGS_NO_VALUES)])
        odd = [f"{name}={setting}" for name, setting in cursor.fetchall() if setting not in LOGS_NO_VALUES[name]]
    if not odd:
        return []
    message = f"PostgreSQL writes personal data into its log ({', '.join(sorted(odd))}), where no erasure reaches."
    return [Warning(message, "docs/privacy.md, Logs, has the settings that keep it out.", id="cdp.W004")]


@register
def check_place_database(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Look for the file of places by IP."""
    path = settings.GEOIP_DATABASE
    if not path or (Path(path).is_file() and os.access(path, os.R_OK)):
        return []
    hint = "Name a .mmdb file, or leave it unset."
    return [Error(f"GEOIP_DATABASE names no file that can be read: {path}.", hint, id="cdp.E003")]


@register
def check_login_sessions(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Look for relations that mean our sessions and, by the name "sessions.Session", point to Django's sign-ins."""
    return _links_to_logins(django_apps.get_models())


def _links_to_logins(all_models: Iterable[type[models.Model]]) -> list[CheckMessage]:
    hint = 'Write "cdp_sessions.Session", or import the class.'
    return [
        Error(f"{field} points to the sign-ins of the admin (django_session).", hint, obj=model, id="cdp.E004")
        for model in all_models
        if model.__module__.startswith("apps.")
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model is LoginSession
    ]
