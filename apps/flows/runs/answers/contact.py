"""Whether a flow may write to somebody now: not in quiet hours, and as often as caps say."""

from collections.abc import Sequence
from typing import Any

from apps.flows.contacting import contacts
from apps.flows.contacting.contacts import Question
from apps.flows.runs.answers import Asked, answering


@answering("contact")
def may_write(questions: Sequence[Asked]) -> list[Any]:
    """Answer each; what is asked is {"channel", "zone", "ignores_hours"}, and the flow has hours of its own."""
    wanted = [
        Question(
            run_id=asked.run.id,
            node=asked.question.node,
            visit=asked.question.visit,
            profile_id=asked.subject.profile_id,
            raw_id=asked.run.original_profile_id or asked.subject.profile_id,
            hours=asked.compiled.quiet_hours,
            **asked.about,
        )
        for asked in questions
        if asked.subject.profile_id
    ]
    told = iter(contacts.answer(wanted, now=questions[0].now) if wanted else ())
    return [next(told) if asked.subject.profile_id else {} for asked in questions]
