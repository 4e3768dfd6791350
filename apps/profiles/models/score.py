"""How the scores of a computed trait are given."""

from django.db import models

from apps.core.fields import Json
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered


@impersonal("limits of scores over all people")
class ScoreScale(Remembered):
    """Where the scores 1 to 5 of an RFM trait begin and end, as of the last time that everybody was looked at."""

    trait = models.CharField(max_length=60, primary_key=True)  # its key
    # {recency, frequency, monetary: the greatest value that scores 1, 2, 3 and 4; null where nobody scores so low}
    limits = Json(default=dict)
    n_profiles = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.trait
