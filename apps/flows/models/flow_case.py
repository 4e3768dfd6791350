"""What a flow was tried with, and is to come to: a test of it, for whenever it changes."""

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.flows.models.flow import Flow


class FlowCase(models.Model):
    """A trial that was kept.

    Of whom we know there is no copy: it refers to them, and goes with them, and with it what an event of theirs says.
    So it comes out otherwise once they are otherwise; whoever wants a case that never does makes somebody up.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="cases")
    name = models.CharField(max_length=120)
    profile_id = models.UUIDField(null=True)  # the raw id of whom it is; null: somebody who is made up, or nobody
    trial = Json(default=dict)  # see apps/flows/trying/trials.py
    expected = Json(default=dict)  # path, end, holds; what is left out may be as it is
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    changed_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "name"], name="flow_case_name_unique")]
        indexes = [models.Index(fields=["profile_id"], name="flow_case_profile")]

    def __str__(self) -> str:
        return self.name
