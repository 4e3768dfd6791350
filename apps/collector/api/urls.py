"""The addresses of the collector: the whole public surface on one page."""

from uuid import UUID

from django.urls import path, register_converter
from django.urls.converters import StringConverter, UUIDConverter

from apps.collector.api import consents, health, opened, sdk, views


class LinkConverter(UUIDConverter):
    """The id of a link, as mail programs and people write it down: in capitals, too, or without dashes."""

    regex = "[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        """Read the id."""
        return UUID(value.replace("-", ""))


class RestConverter(StringConverter):
    """Whatever follows."""

    regex = r"[\s\S]+"


register_converter(LinkConverter, "link")
register_converter(RestConverter, "rest")

urlpatterns = [
    *sdk.urlpatterns,
    path("track", views.TrackView.as_view(), name="track"),
    path("collect/<str:event_type>/<str:source_id>", views.CollectView.as_view(), name="collect"),
    path(
        "collect/<str:event_type>/<str:source_id>/<str:session_id>",
        views.CollectInSessionView.as_view(),
        name="collect-session",
    ),
    path("redirect/<link:redirect_id>", opened.redirect, name="redirect"),
    path("redirect/<link:redirect_id>/<rest:session_id>", opened.redirect, name="redirect-session"),
    path("pixel/<str:write_key>.gif", opened.pixel, name="pixel"),
    path("pixel/<str:write_key>/<rest:session_id>.gif", opened.pixel, name="pixel-session"),
    path("customer/consent", consents.ConsentView.as_view(), name="customer-consent"),
    path("consents/type/enabled", consents.ConsentTypesView.as_view(), name="consent-types"),
    path("healthcheck", health.HealthView.as_view(), name="healthcheck"),
    path("healthcheck/ready", health.ReadyView.as_view(), name="ready"),
    path("info/version", health.VersionView.as_view(), name="version"),
]
