"""The addresses of the collector: the whole public surface on one page."""

from django.urls import path

from apps.collector.api import consents, health, segment, views

urlpatterns = [
    *segment.urlpatterns,
    path("track", views.TrackView.as_view(), name="track"),
    path("collect/<str:event_type>/<str:source_id>", views.CollectView.as_view(), name="collect"),
    path(
        "collect/<str:event_type>/<str:source_id>/<str:session_id>",
        views.CollectInSessionView.as_view(),
        name="collect-session",
    ),
    path("redirect/<uuid:redirect_id>", views.redirect, name="redirect"),
    path("redirect/<uuid:redirect_id>/<str:session_id>", views.redirect, name="redirect-session"),
    path("customer/consent", consents.ConsentView.as_view(), name="customer-consent"),
    path("consents/type/enabled", consents.ConsentTypesView.as_view(), name="consent-types"),
    path("healthcheck", health.HealthView.as_view(), name="healthcheck"),
    path("healthcheck/ready", health.ReadyView.as_view(), name="ready"),
    path("info/version", health.VersionView.as_view(), name="version"),
]
