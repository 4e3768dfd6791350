"""The addresses of the Profile API."""

from django.urls import path

from apps.profiles.api import views

urlpatterns = [
    path("profiles", views.ProfileListView.as_view(), name="api-profiles"),
    path("profiles/lookup", views.ProfileLookupView.as_view(), name="api-profile-lookup"),
    path("profiles/<uuid:profile_id>", views.ProfileView.as_view(), name="api-profile"),
    path("profiles/<uuid:profile_id>/merge", views.ProfileMergeView.as_view(), name="api-profile-merge"),
    path("profiles/<uuid:profile_id>/events", views.ProfileEventsView.as_view(), name="api-profile-events"),
]
