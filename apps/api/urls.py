"""The addresses for programs with a key, on one page; docs/profile-api.md tells of them to people."""

from django.urls import path

from apps.api import backfills, consents, events, privacy, profiles, segments

ONE = "profiles/<uuid:profile_id>"
urlpatterns = [
    path("profiles", profiles.ProfileListView.as_view(), name="api-profiles"),
    path("profiles/lookup", profiles.ProfileLookupView.as_view(), name="api-profile-lookup"),
    path(ONE, profiles.ProfileView.as_view(), name="api-profile"),
    path(f"{ONE}/merge", profiles.ProfileMergeView.as_view(), name="api-profile-merge"),
    path(f"{ONE}/events", events.ProfileEventsView.as_view(), name="api-profile-events"),
    path(f"{ONE}/segments", segments.ProfileSegmentsView.as_view(), name="api-profile-segments"),
    path(f"{ONE}/consents", consents.ConsentsView.as_view(), name="api-profile-consents"),
    path(f"{ONE}/consents/decisions", consents.DecisionsView.as_view(), name="api-profile-decisions"),
    path(f"{ONE}/export", privacy.ExportView.as_view(), name="api-profile-export"),
    path(f"{ONE}/erase", privacy.EraseView.as_view(), name="api-profile-erase"),
    path(f"{ONE}/anonymise", privacy.AnonymiseView.as_view(), name="api-profile-anonymise"),
    path("backfills", backfills.BackfillsView.as_view(), name="api-backfills"),
    path("backfills/preview", backfills.BackfillPreviewView.as_view(), name="api-backfill-preview"),
    path("backfills/<uuid:task_id>", backfills.BackfillView.as_view(), name="api-backfill"),
    path("backfills/<uuid:task_id>/pause", backfills.BackfillPauseView.as_view(), name="api-backfill-pause"),
    path("backfills/<uuid:task_id>/resume", backfills.BackfillResumeView.as_view(), name="api-backfill-resume"),
    path("backfills/<uuid:task_id>/cancel", backfills.BackfillCancelView.as_view(), name="api-backfill-cancel"),
    path("backfills/<uuid:task_id>/undo", backfills.BackfillUndoView.as_view(), name="api-backfill-undo"),
    path("privacy-requests/<uuid:request_id>", privacy.CertificateView.as_view(), name="api-privacy-request"),
]
