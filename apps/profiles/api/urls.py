"""The addresses of the Profile API."""

from django.urls import path

from apps.profiles.api import consents, privacy, views

ONE = "profiles/<uuid:profile_id>"
urlpatterns = [
    path("profiles", views.ProfileListView.as_view(), name="api-profiles"),
    path("profiles/lookup", views.ProfileLookupView.as_view(), name="api-profile-lookup"),
    path(ONE, views.ProfileView.as_view(), name="api-profile"),
    path(f"{ONE}/merge", views.ProfileMergeView.as_view(), name="api-profile-merge"),
    path(f"{ONE}/events", views.ProfileEventsView.as_view(), name="api-profile-events"),
    path(f"{ONE}/segments", views.ProfileSegmentsView.as_view(), name="api-profile-segments"),
    path(f"{ONE}/consents", consents.ConsentsView.as_view(), name="api-profile-consents"),
    path(f"{ONE}/consents/decisions", consents.DecisionsView.as_view(), name="api-profile-decisions"),
    path(f"{ONE}/export", privacy.ExportView.as_view(), name="api-profile-export"),
    path(f"{ONE}/erase", privacy.EraseView.as_view(), name="api-profile-erase"),
    path(f"{ONE}/anonymise", privacy.AnonymiseView.as_view(), name="api-profile-anonymise"),
    path("privacy-requests/<uuid:request_id>", privacy.CertificateView.as_view(), name="api-privacy-request"),
]
