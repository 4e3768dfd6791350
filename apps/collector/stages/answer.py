"""After this stage those who ask have the answers of flows, as far as these come before the batch is stored."""

import logging

from django.db import DatabaseError

from apps.collector import happenings
from apps.collector.payload import Answer, Batch, Payload, Way
from apps.flows.triggers import answering

logger = logging.getLogger(__name__)


def answer(batch: Batch) -> None:
    """Let flows that answer go as far as they come, in memory; what they change of people is stored with the rest.

    A query where rules of entry, segments or nodes ask for something; none where nobody asks, or no flow answers.
    """
    triggers = batch.triggers
    if batch.way is not Way.NOW or not triggers.answers:
        return
    asking = [payload for payload in batch.going if payload.asks and payload.saves_events and payload.saves_profile]
    happened = happenings.events_of(asking, triggers.answering)
    try:
        batch.answers = answering.answer(happened, triggers, now=batch.now) if happened else None
    except DatabaseError:
        raise
    except Exception:  # no event is lost for it: whoever enters does so as they are stored
        logger.exception("Flows cannot answer")
        return
    for payload in asking:
        payload.is_answered = True
        if batch.answers:
            batch.outcome.answers[payload] = _answer_of(payload, batch.answers)


def _answer_of(payload: Payload, answers: answering.Answers) -> Answer:
    said = [each for event in payload.going if (each := answers.by_event.get(str(event.id)))]
    response = {name: value for each in reversed(said) for name, value in each.response.items()}
    return Answer(tuple(dict(block) for each in said for block in each.ux), response)
