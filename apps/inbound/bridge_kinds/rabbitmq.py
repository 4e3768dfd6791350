"""RabbitMQ: messages of a queue, which the broker forgets once they are stored."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from apps.bridges.amqp_session import Channel, Refused, Session
from apps.bridges.connection_kind import TEST_SECS, Part, Report
from apps.bridges.kinds.rabbitmq import RabbitmqSettings
from apps.inbound import amqp_queue
from apps.inbound.amqp_messages import KNOWN, received
from apps.inbound.amqp_queue import NOT_FOUND, PRECONDITION_FAILED, QueueSettings, told
from apps.inbound.bridge_kind import BridgeKind, Context, register
from apps.inbound.received import Failure, Lag, Received

MOST_BYTES: Final = 16_000_000  # that are read at once
STREAM_OFFSET: Final = "x-stream-offset"


class QueueReader:
    """Reads a queue. What was delivered and not read yet is in hand; what was not settled the broker keeps."""

    def __init__(self, session: Session, settings: QueueSettings) -> None:
        self._session, self._settings = session, settings
        self._come: deque[Received] = deque()
        self._tags: deque[int] = deque()  # of what the broker waits for, in order
        self._n_bytes = 0  # of what is in hand
        self._trouble: Failure | None = None
        self._n_waiting = 0
        with told(settings):
            self._channel = session.channel()
            amqp_queue.prepare(self._channel, settings)
            self._channel.amqp.add_on_cancel_callback(self._cancelled)
            self._channel.ask("basic_qos", prefetch_count=settings.prefetch)
            self._channel.ask("basic_consume", queue=settings.queue, on_message_callback=self._deliver)

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Take what is there; with a limit of none, only show the broker that we are."""
        self._wait(lambda: limit and self._come, secs)
        n_before = -1
        while n_before < len(self._come) < limit and self._n_bytes < MOST_BYTES:
            n_before = len(self._come)
            self._wait(lambda: False, 0)
        taken = [self._come.popleft() for _ in range(min(limit, len(self._come)))]
        self._n_bytes -= sum(len(message.body) for message in taken)
        return taken

    def settle(self, messages: Sequence[Received]) -> None:
        """Acknowledge, and return once the broker has understood: an acknowledgement has no answer of its own."""
        stored = {message.handle for message in messages}
        up_to = 0
        while self._tags and self._tags[0] in stored:
            up_to = self._tags.popleft()
            stored.remove(up_to)
        with told(self._settings):
            self._channel.check()
            if up_to:
                self._channel.amqp.basic_ack(up_to, multiple=True)
            for tag in sorted(stored):
                self._tags.remove(tag)
                self._channel.amqp.basic_ack(tag)
            self._n_waiting = amqp_queue.n_ready(self._channel, self._settings)

    def lag(self) -> Lag:
        """Count what the broker has given nobody, and what is in hand."""
        with told(self._settings):
            self._n_waiting = amqp_queue.n_ready(self._channel, self._settings)
        return Lag(self._n_waiting + len(self._tags))

    def close(self) -> None:
        """Leave; the broker gives others what was not settled."""
        self._session.close()

    def _wait(self, is_done: Callable[[], Any], secs: float) -> None:
        with told(self._settings):
            self._session.wait(lambda: is_done() or self._trouble or self._channel.is_closed, secs)
            self._channel.check()
        if self._trouble:
            raise self._trouble

    def _deliver(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        if properties.headers and STREAM_OFFSET in properties.headers:
            self._trouble = amqp_queue.no_queue(self._settings)
            return
        message = received(method, properties, body, queue=self._settings.queue, trusts_ids=self._settings.trusts_ids)
        self._come.append(message)
        self._tags.append(message.handle)
        self._n_bytes += len(message.body)

    def _cancelled(self, _frame: Any) -> None:
        self._trouble = Failure(Part.PLACE, f"The queue {self._settings.queue} was deleted, or moved to another node.")


def open_queue(connection: RabbitmqSettings, settings: QueueSettings, _context: Context) -> QueueReader:
    """Sign in, make what is to be made, and have messages sent."""
    session = Session(connection, secs=connection.secs)
    try:
        return QueueReader(session, settings)
    except BaseException:
        session.close()
        raise


def peek(connection: RabbitmqSettings, settings: QueueSettings, n: int) -> Sequence[Received]:
    """Take some messages and give them back: they are marked as delivered before, and keep their place."""
    with _entered(connection) as session, told(settings):
        channel = session.channel()
        found: list[Received] = []
        while len(found) < n and (got := channel.get(settings.queue)):
            found.append(received(*got, queue=settings.queue, trusts_ids=settings.trusts_ids))
        if found:
            channel.amqp.basic_nack(found[-1].handle, multiple=True, requeue=True)
            amqp_queue.n_ready(channel, settings)
        return found


def look(connection: RabbitmqSettings, settings: QueueSettings, report: Report) -> None:
    """Look for the queue, and whether it is as it would be made, and may be read."""
    with _entered(connection) as session:
        try:
            n_ready = amqp_queue.n_ready(session.channel(), settings)
        except Refused as refused:
            if refused.code != NOT_FOUND or settings.declare == "no":
                raise amqp_queue.failure(refused, settings) from None
            report.doubt(Part.PLACE, f"There is no queue {settings.queue} yet: it is made when the bridge starts.")
            return
        with told(settings):
            if settings.declare != "no":
                amqp_queue.declare(session.channel(), settings)
            _check_right(session.channel(), settings)
    report.well(Part.RIGHT, f"The queue {settings.queue} may be read.")
    report.well(Part.PLACE, f"The queue {settings.queue} is there; {n_ready} messages wait in it.")


def _check_right(channel: Channel, settings: QueueSettings) -> None:
    """Ask to read in a way that cannot be granted: the broker looks at the right first, and delivers nothing."""
    try:
        channel.ask(
            "basic_consume",
            queue=settings.queue,
            on_message_callback=lambda *_: None,
            arguments={"x-priority": "none"},  # which has to be a number
        )
    except Refused as refused:
        if refused.code != PRECONDITION_FAILED:
            raise


@contextmanager
def _entered(connection: RabbitmqSettings) -> Iterator[Session]:
    session = Session(connection, secs=min(connection.secs, TEST_SECS))
    try:
        yield session
    finally:
        session.close()


register(
    "rabbitmq",
    BridgeKind(
        title="RabbitMQ",
        about="The messages of a queue: classic or quorum, there already or made.",
        icon="mark_email_unread",
        order=20,
        connection_kind="rabbitmq",
        settings=QueueSettings,
        reads=lambda settings: f"queue {settings.queue}",
        open=open_queue,
        peek=peek,
        places=None,  # AMQP has no way to ask for the queues
        look=look,
        is_shared=lambda _settings: True,
        place="routing key",
        known=KNOWN,
    ),
)
