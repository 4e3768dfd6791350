"""The cluster that librdkafka itself brings along for tests: for what a real broker does not do when it is told to."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import confluent_kafka

PRODUCER = 0
FETCH, OFFSETS, HEARTBEAT, JOIN = 1, 2, 12, 11  # requests by their number


def library() -> Any:
    """Load what the client itself uses, and say how its functions are called."""
    [path] = (Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs").glob("librdkafka*")
    found: Any = ctypes.CDLL(str(path))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(found, name).restype = ctypes.c_void_p
    found.rd_kafka_new.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    found.rd_kafka_conf_set.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    found.rd_kafka_mock_cluster_new.argtypes = [ctypes.c_void_p, ctypes.c_int]
    found.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    found.rd_kafka_mock_cluster_bootstraps.argtypes = [ctypes.c_void_p]
    found.rd_kafka_mock_cluster_destroy.argtypes = [ctypes.c_void_p]
    found.rd_kafka_destroy.argtypes = [ctypes.c_void_p]
    found.rd_kafka_mock_topic_create.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    found.rd_kafka_mock_topic_set_error.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    found.rd_kafka_mock_broker_set_down.argtypes = [ctypes.c_void_p, ctypes.c_int]
    found.rd_kafka_mock_broker_set_up.argtypes = [ctypes.c_void_p, ctypes.c_int]
    found.rd_kafka_mock_group_initial_rebalance_delay_ms.argtypes = [ctypes.c_void_p, ctypes.c_int]
    found.rd_kafka_mock_push_request_errors_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_short,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_int),
    ]
    return found


@dataclass
class MockCluster:
    """A cluster of so many brokers."""

    library: Any
    handle: int
    n_brokers: int

    @property
    def servers(self) -> str:
        found: bytes = self.library.rd_kafka_mock_cluster_bootstraps(self.handle)
        return found.decode()

    def create(self, topic: str, *, partitions: int = 1) -> str:
        """Make a topic, and return its name."""
        self._well(self.library.rd_kafka_mock_topic_create(self.handle, topic.encode(), partitions, 1))
        return topic

    def refuse(self, topic: str, code: int) -> None:
        """Let all that is asked of a topic be answered by an error; 0: by none any more."""
        self.library.rd_kafka_mock_topic_set_error(self.handle, topic.encode(), code)

    def fail(self, request: int, codes: Sequence[int]) -> None:
        """Answer the next requests of a kind by errors."""
        array = (ctypes.c_int * len(codes))(*codes)
        self.library.rd_kafka_mock_push_request_errors_array(self.handle, request, len(codes), array)

    def down(self) -> None:
        """Let all brokers be away."""
        for number in range(1, self.n_brokers + 1):
            self._well(self.library.rd_kafka_mock_broker_set_down(self.handle, number))

    def up(self) -> None:
        """Let all brokers be there again."""
        for number in range(1, self.n_brokers + 1):
            self._well(self.library.rd_kafka_mock_broker_set_up(self.handle, number))

    def _well(self, code: int) -> None:
        assert code == 0


@contextmanager
def kafka_mock(n_brokers: int = 2) -> Iterator[MockCluster]:
    """Run a cluster in this process."""
    found = library()
    said = ctypes.create_string_buffer(200)
    options = found.rd_kafka_conf_new()
    found.rd_kafka_conf_set(options, b"log_level", b"0", said, 200)
    producer = found.rd_kafka_new(PRODUCER, options, said, 200)
    cluster = MockCluster(found, found.rd_kafka_mock_cluster_new(producer, n_brokers), n_brokers)
    found.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster.handle, 100)
    try:
        yield cluster
    finally:
        found.rd_kafka_mock_cluster_destroy(cluster.handle)
        found.rd_kafka_destroy(producer)
