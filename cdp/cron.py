"""What runs by the clock: `manage.py cron` puts these jobs into their queues."""

from rq import cron

from apps.core.jobs import sweep_tasks
from apps.core.queues import QueueName
from apps.events.jobs import compute_traits, maintain_events, move_merged
from apps.segments.jobs import decide_due, decide_everybody

MOMENT_SECS, MINUTE_SECS, HOUR_SECS = 10, 60, 3_600

cron.register(maintain_events, queue_name=QueueName.DEFAULT, interval=HOUR_SECS)
cron.register(compute_traits, queue_name=QueueName.DEFAULT, interval=HOUR_SECS)
cron.register(sweep_tasks, queue_name=QueueName.DEFAULT, interval=MINUTE_SECS)
cron.register(move_merged, queue_name=QueueName.DEFAULT, interval=MOMENT_SECS)
cron.register(decide_due, queue_name=QueueName.DEFAULT, interval=MINUTE_SECS)
cron.register(decide_everybody, queue_name=QueueName.DEFAULT, interval=10 * MINUTE_SECS)
