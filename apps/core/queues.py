"""The queues by their names on the wire; free of Django, so that settings can build `RQ_QUEUES` from it."""

from enum import StrEnum


class QueueName(StrEnum):
    """Each RQ queue of the platform; docs/queues.md says who puts, who takes, and what is lost with it."""

    DEFAULT = "default"
    # The names that operators know from elsewhere, spelling included.
    COPY_TO_PROFILES = "event_to_profile_coping:worker"
    INDEX_TRAITS = "event_props_to_event_traits:worker"
    SEGMENTATION = "segmentation:live"


RQ_QUEUES_DEFAULTS = {"DEFAULT_TIMEOUT": 300}
