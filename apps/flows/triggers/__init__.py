"""What lets people enter flows, and what wakes them there: events, changes of fields, dates, schedules, hands."""
