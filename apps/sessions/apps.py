from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "apps.sessions"
    # Django's login sessions own the label "sessions"; tables, permissions and URLs of ours carry this one.
    label = "cdp_sessions"
    verbose_name = "Sessions"
