"""Reads of a stream of NATS by a durable consumer, which all replicas pull from; confirms once messages are stored."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from nats.aio.msg import Msg

from apps.bridges.connection_kind import Part
from apps.bridges.nats_client import API, Link, Way
from apps.inbound.bridge_kind import Context
from apps.inbound.nats import consumers, decoded
from apps.inbound.nats.consumers import NS
from apps.inbound.nats.settings import NatsBridgeSettings
from apps.inbound.received import Failure, Lag, Received

MAX_BYTES: Final = 65 * 1024 * 1024  # of one request: a message, which may have 64 MiB, and else some thousand
NAK: Final = b"-NAK"
WORKING: Final = b"+WPI"
GRACE_SECS: Final = 0.2  # in which the server says by itself that a request is over
GONE: Final = "Consumer Deleted"


class NatsReader:
    """Who pulls from a consumer."""

    def __init__(self, way: Way, settings: NatsBridgeSettings, context: Context) -> None:
        self._settings, self._secs = settings, way.secs
        self._arrived: deque[Msg] = deque()
        self._said: dict[str, str] = {}  # how requests ended, by the subject that they were answered at
        self._held: dict[int, Msg] = {}  # what was read, and not settled, by its place in the stream
        self._kept_at = time.monotonic()
        self._n_requests = 0
        self._link = Link(way)
        try:
            self._origin = decoded.origin_of(consumers.stream_of(self._link, settings.stream))
            consumer = consumers.ensured(self._link, settings, context)
            self._name = str(consumer["name"])
            config = consumer["config"]
            self._ack_secs = config.get("ack_wait", 30 * NS) / NS
            self._most = min(settings.batch_size, config.get("max_batch") or settings.batch_size)
            self._subjects = config.get("filter_subjects") or [config.get("filter_subject") or ">"]
            self._link.run(self._listen())
        except BaseException:
            self.close()
            raise

    async def _listen(self) -> None:
        client = self._link.client
        self._inbox = client.new_inbox()
        self._news = asyncio.Event()
        # Requests bound what arrives: nothing is thrown away here.
        await client.subscribe(f"{self._inbox}.*", cb=self._take, pending_msgs_limit=0, pending_bytes_limit=0)

    async def _take(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status")
        if status and not message.reply:
            self._said[message.subject] = f"{status} {headers.get('Description', '')}"
        else:
            self._arrived.append(message)
        self._news.set()

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return what has arrived, or ask for what is there, or wait for the next."""
        self._keep()
        if not limit:
            self._link.run(asyncio.sleep(secs), secs=secs + 1)
            return []
        if not self._arrived:
            self._link.run(self._pull(min(limit, self._most), secs), secs=secs + self._secs)
        taken = [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]
        found = [decoded.delivered(message, self._origin) for message in taken]
        self._held.update((message.about["sequence"], message.handle) for message in found)
        return found

    async def _pull(self, n: int, secs: float) -> None:
        """Ask for what is there; if nothing is, wait for one, and ask for those that have come with it."""
        if await self._request(n, {"no_wait": True}, self._secs / 2):
            return
        if secs > 0 and await self._request(1, {"expires": int(secs * NS)}, secs + GRACE_SECS) and n > 1:
            await self._request(n - 1, {"no_wait": True}, self._secs / 2)

    async def _request(self, n: int, how: dict[str, Any], secs: float) -> bool:
        """Ask for so many, and return once they are there or the request has ended: whether something came."""
        n_before = len(self._arrived)
        self._n_requests += 1
        answered_at = f"{self._inbox}.{self._n_requests}"
        request = json.dumps({"batch": n, "max_bytes": MAX_BYTES, **how}).encode()
        await self._link.client.publish(
            f"{API}.CONSUMER.MSG.NEXT.{self._settings.stream}.{self._name}", request, reply=answered_at
        )
        await self._wait(n_before + n, answered_at, secs)
        if "no_wait" in how and not self._has_news(n_before, answered_at):
            await self._ask_why()
            if not self._has_news(n_before, answered_at):
                raise Failure(Part.NETWORK, f"{self._link.server.host} does not deliver what it is asked for.")
        has_some, said = len(self._arrived) > n_before, self._said.get(answered_at, "")
        self._said.clear()
        if not has_some:
            self._judge(said)
        return has_some

    def _has_news(self, n_before: int, answered_at: str) -> bool:
        return len(self._arrived) > n_before or answered_at in self._said

    async def _wait(self, n: int, answered_at: str, secs: float) -> None:
        """Wait until so many are there, or the request has ended."""
        until = time.monotonic() + secs
        while len(self._arrived) < n and answered_at not in self._said:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(until - time.monotonic(), 0))
            except TimeoutError:
                return

    def _judge(self, said: str) -> None:
        """Tell an end that is none of ours: 404 and 408 say only that there is nothing more."""
        if GONE in said:
            raise Failure(Part.PLACE, f"The consumer {self._name} is gone.")
        if said.startswith("400"):
            raise Failure(Part.PLACE, f"The consumer {self._name} refuses how it is asked: {said[4:200]}.")
        if said.startswith("409") and ("Leadership" in said or "Shutdown" in said):
            raise Failure(Part.NETWORK, f"{self._link.server.host} hands over to another server.")
        if said.startswith("409") and "Exceeded" in said and "MaxAckPending" not in said:
            raise Failure(Part.PLACE, f"The consumer {self._name} allows less at once: {said[4:200]}.")

    async def _ask_why(self) -> None:
        """Ask why nothing comes: a server says nothing to whoever asks a consumer that is not there.

        What it has sent before it answers has arrived by then, however slow the way.
        """
        answer = await self._link.asked(f"CONSUMER.INFO.{self._settings.stream}.{self._name}")
        if "error" in answer:
            raise Failure(Part.PLACE, f"The consumer {self._name}, or the stream {self._settings.stream}, is gone.")

    def _keep(self) -> None:
        """Say of what we hold that we work at it, well before it would be delivered again."""
        held = [*self._held.values(), *self._arrived]
        if held and time.monotonic() - self._kept_at > self._ack_secs / 3:
            self._kept_at = time.monotonic()
            self._link.run(self._reply(WORKING, held))

    async def _reply(self, what: bytes, to: Iterable[Msg]) -> None:
        for message in to:
            await self._link.client.publish(message.reply, what)

    def settle(self, settled: Sequence[Received]) -> None:
        """Confirm them. The server takes what a connection says in turn, so its answer to the last stands for all."""
        if not settled:
            return
        self._link.run(self._confirm([message.handle for message in settled]))
        for message in settled:
            self._held.pop(message.about["sequence"], None)

    async def _confirm(self, settled: Sequence[Msg]) -> None:
        await self._reply(b"", settled[:-1])
        await self._link.client.request(settled[-1].reply, b"", timeout=self._secs * 2)

    def lag(self) -> Lag:
        """Add up what nobody has pulled, and what was not confirmed."""
        consumer = consumers.found(self._link, self._settings.stream, self._name)
        if consumer is None:
            raise Failure(Part.PLACE, f"The consumer {self._name} is gone.")
        self._keep()
        n_waiting = consumer["num_pending"] + consumer["num_ack_pending"]
        return Lag(n_waiting, self._oldest(consumer) if n_waiting else None)

    def _oldest(self, consumer: consumers.Document) -> Any:
        """Return when the first message was sent that is not confirmed; of several subjects that is not looked for."""
        if len(self._subjects) > 1:
            return None
        wanted = {"seq": consumer["ack_floor"]["stream_seq"] + 1, "next_by_subj": self._subjects[0]}
        answer = self._link.ask(f"STREAM.MSG.GET.{self._settings.stream}", wanted)
        return decoded.time_of(answer["message"]["time"]) if "message" in answer else None

    def close(self) -> None:
        """Leave, and give back what we hold: another one has it at once."""
        held = [*self._held.values(), *self._arrived]
        self._held.clear()
        self._arrived.clear()
        try:
            if held:
                self._link.run(self._give_back(held), secs=1.0)
        except Failure:
            pass  # it is delivered again after a while
        finally:
            self._link.close()

    async def _give_back(self, held: Sequence[Msg]) -> None:
        await self._reply(NAK, held)
        await self._link.client.flush()
