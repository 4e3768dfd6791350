"""Bridges from a bucket of S3, by a server that speaks it and checks who asks."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

import pytest

from apps.bridges.connection_kind import Report
from apps.bridges.kinds.s3_bucket import S3Settings
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import To, kinds
from apps.inbound.files.objects import BucketFilesSettings
from apps.inbound.received import Failure
from tests.inbound.bridge_kinds.files import FileBridge
from tests.outside import outside

pytestmark = pytest.mark.xdist_group("s3")
KIND = kinds["s3_files"]
NAME = "exports/blå & år+1 (a=b)%.jsonl"
ACTIONS = {"all": ["s3:*"], "reads": ["s3:ListBucket", "s3:GetObject"], "lists": ["s3:ListBucket"]}


class S3(NamedTuple):
    """A server, and the keys of users who may do more or less."""

    endpoint: str
    keys: dict[str, tuple[str, str]]
    client: Any

    def settings(self, who: str = "all", **document: Any) -> S3Settings:
        access_key, secret_key = self.keys[who]
        usual = {"endpoint": self.endpoint, "bucket": "lake", "addressing": "path", "time_out": "5 seconds"}
        return read(S3Settings, {**usual, "access_key": access_key, "secret_key": secret_key, **document})

    def put(self, name: str, *lines: str, body: bytes = b"") -> None:
        self.client.put_object(Bucket="lake", Key=name, Body=body or "".join(f"{it}\n" for it in lines).encode())

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket="lake").get("Contents", [])
        return [each["Key"] for each in found]


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    import boto3
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    there: dict[str, Any] = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    iam = boto3.client("iam", aws_access_key_id="x", aws_secret_access_key="x", **there)
    keys = {}
    for name, actions in ACTIONS.items():
        iam.create_user(UserName=f"bridge-{name}")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=f"bridge-{name}", PolicyName="may", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=f"bridge-{name}")["AccessKey"]
        keys[name] = key["AccessKeyId"], key["SecretAccessKey"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        patch.setattr(ActionAuthenticatorMixin, "request_count", 1)
        ours = {"aws_access_key_id": keys["all"][0], "aws_secret_access_key": keys["all"][1]}
        yield S3(f"http://{host}:{port}", keys, boto3.client("s3", **there, **ours))
    running.stop()


@pytest.fixture
def s3(server: S3) -> Iterator[S3]:
    server.client.create_bucket(Bucket="lake")
    yield server
    for name in server.names():
        server.client.delete_object(Bucket="lake", Key=name)
    server.client.delete_bucket(Bucket="lake")


def bridge_of(s3: S3, who: str = "all", **document: Any) -> FileBridge:
    return FileBridge("s3_files", s3.settings(who), **document)


def test_files_are_read_in_the_order_of_their_names_each_once(s3: S3) -> None:
    s3.put(NAME, '{"n": 3}', '{"n": 4}')
    s3.put("exports/a.jsonl", '{"n": 1}', '{"n": 2}')
    s3.put("other", '{"n": 5}')
    bridge = bridge_of(s3, "reads", prefix="exports/")

    found = bridge.all()

    assert [json.loads(each.body)["n"] for each in found] == [1, 2, 3, 4]
    assert (found[-1].about["path"], found[-1].about["line"]) == (NAME, 2)
    assert found[-1].at is not None
    assert datetime.now(UTC) - found[-1].at < timedelta(minutes=5)
    assert bridge.all() == []


def test_a_large_file_is_read_in_pieces_and_on_from_where_one_was(s3: S3) -> None:
    lines = [json.dumps({"n": n, "x": "x" * 2_000}) for n in range(1_200)]
    s3.put("large", *lines)
    s3.put("packed", body=gzip.compress("\n".join(lines).encode()))
    bridge, found = bridge_of(s3), []

    while batch := bridge.some(400):
        found += [json.loads(each.body)["n"] for each in batch]
        bridge.close()

    assert found == [*range(1_200), *range(1_200)]


def test_an_object_that_takes_the_place_of_another_is_a_new_one(s3: S3) -> None:
    bridge = bridge_of(s3)
    s3.put("a", '{"n": 1}')
    assert bridge.bodies() == [{"n": 1}]

    s3.put("a", '{"n": 2}')

    assert bridge.bodies() == [{"n": 2}]


def test_an_object_that_is_replaced_while_it_is_read_ends_there(s3: S3) -> None:
    s3.put("a", *(f'{{"n": {n}, "x": "{"x" * 2_000}"}}' for n in range(1_000)))
    bridge = bridge_of(s3)
    bridge.some(10)

    s3.put("a", '{"n": -1}')

    assert bridge.bodies()[-1] == {"n": -1}


def test_files_are_moved_once_they_are_stored(s3: S3) -> None:
    for name in (NAME, "exports/x/b"):
        s3.put(name, '{"n": 1}')
    bridge = bridge_of(s3, prefix="exports/", pattern="**/*", afterwards="move", move_to="done/2026")

    assert len(bridge.all()) == 2

    assert s3.names() == [NAME.replace("exports/", "exports/done/2026/"), "exports/done/2026/x/b"]
    assert (bridge.all(), bridge.positions) == ([], {})


def test_files_are_deleted_but_not_what_took_their_place(s3: S3) -> None:
    bridge = bridge_of(s3, afterwards="delete")
    s3.put("a", '{"n": 1}')
    s3.put("b", '{"n": 2}')
    batch = bridge.reader.read(10, secs=0.0)
    bridge.positions = {each.place: each.position for each in batch}
    s3.put("b", '{"n": 3}')

    bridge.reader.settle(batch)

    assert s3.names() == ["b"]
    assert bridge.bodies() == [{"n": 3}]
    assert s3.names() == []


def test_who_may_not_delete_is_told_and_loses_nothing(s3: S3) -> None:
    s3.put("a", '{"n": 1}')
    bridge = bridge_of(s3, "reads", afterwards="delete")

    with pytest.raises(Failure, match="a was read, and cannot be deleted") as raised:
        bridge.all()

    assert (raised.value.part, bridge.positions["a"]["done"]) == ("right", True)


def test_more_names_than_fit_on_a_page_are_all_found(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(7):
        s3.put(f"{n}", f'{{"n": {n}}}')
    bridge = bridge_of(s3)
    store: Any = bridge.reader._store
    really = store._list_page
    monkeypatch.setattr(store, "_list_page", lambda asked: really({**asked, "max-keys": "3"}))

    assert [body["n"] for body in bridge.bodies()] == list(range(7))


def test_a_bridge_is_sent_to_the_end_and_to_a_line(s3: S3) -> None:
    s3.put("a", *(f'{{"n": {n}}}' for n in range(5)))
    bridge = bridge_of(s3)
    bridge.seek(To.END)
    assert bridge.bodies() == []

    bridge.seek(To.POSITION, place="a", position="3")

    assert bridge.bodies() == [{"n": 3}, {"n": 4}]


def test_places_are_what_looks_like_folders(s3: S3) -> None:
    for name in ("a b/x", "å/x", "x"):
        s3.put(name, "{}")

    assert KIND.places(s3.settings()) == ["a b/", "å/"]


def look(settings: S3Settings, **document: Any) -> list[tuple[str, str]]:
    report = Report()
    KIND.look(settings, read(BucketFilesSettings, document), report)
    return [(finding.part.value, finding.state.value) for finding in report.findings]


def test_a_look_says_what_is_there_and_what_fails(s3: S3) -> None:
    assert look(s3.settings()) == [("right", "well"), ("place", "doubt")]
    s3.put("a", "{}")

    assert look(s3.settings(), afterwards="delete") == [("right", "well"), ("place", "well"), ("right", "doubt")]
    assert look(s3.settings("lists"))[-1] == ("right", "failed")
    assert look(s3.settings(bucket="nobodys"))[-1] == ("place", "failed")
    assert look(s3.settings(secret_key="wrong"))[-1] == ("sign_in", "failed")
    assert look(s3.settings(endpoint="http://127.0.0.1:1"))[-1] == ("network", "failed")


def test_bytes_that_are_missing_are_a_failure_and_no_end_of_the_file(names: None) -> None:
    listed = (
        "<ListBucketResult><Contents><Key>a</Key><ETag>&quot;e&quot;</ETag><Size>100</Size>"
        "<LastModified>2026-12-01T10:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )

    def handle(request: BaseHTTPRequestHandler) -> None:
        body = listed.encode() if "list-type" in request.path else b'{"n": 1}\n'
        request.send_response(200 if "list-type" in request.path else 206)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with outside() as system:
        system.handle = handle
        document = {"endpoint": system.address, "bucket": "b-1", "addressing": "path"}
        bridge = FileBridge("s3_files", read(S3Settings, {**document, "access_key": "k", "secret_key": "s"}))

        with pytest.raises(Failure, match="other bytes of a") as raised:
            bridge.all()

    assert raised.value.part == "network"


def test_a_prefix_that_begins_no_name_is_refused() -> None:
    with pytest.raises(SettingsError, match="do not begin with a slash"):
        read(BucketFilesSettings, {"prefix": "/orders"})
