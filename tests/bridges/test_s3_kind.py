"""Buckets of S3: what is refused, how requests are signed, and what a server that speaks S3 makes of them.

The server checks signatures by code of others, that of AWS itself.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from apps.bridges.kinds import s3_bucket
from apps.bridges.kinds.s3_bucket import S3Settings
from apps.bridges.requests import problem_of_file
from apps.bridges.signature_v4 import Signer
from apps.bridges.verdicts import Verdict
from apps.core.typed_settings import SettingsError, read
from tests.bridges.transport.test_http import ask, parcel
from tests.outside import Outside

# Those of the examples of AWS, which are nobody's.
SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
EXAMPLES = "https://examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "body", "others", "signature"),
    [
        (
            "GET",
            "/test.txt",
            b"",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            b"Welcome to Amazon S3.",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle", b"", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/?max-keys=2&prefix=J", b"", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_requests_are_signed_as_in_the_examples_of_aws(
    method: str, path: str, body: bytes, others: dict[str, str], signature: str
) -> None:
    headers = SIGNER.headers(method, f"{EXAMPLES}{path}", body=body, now=AT, others=others)

    assert headers["Authorization"].endswith(f",Signature={signature}")
    assert "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," in headers["Authorization"]


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    st.binary(max_size=50),
    st.sampled_from(
        ["https://b.s3.example", "https://s3.example:9000/b", "http://127.0.0.1:9000/b", "https://[2606:4700::1]/b"]
    ),
)
def test_whatever_a_file_is_called_the_library_of_aws_signs_it_the_same(name: str, body: bytes, base: str) -> None:
    url, kind = f"{base}/{quote(name, '/-_.~')}", {"Content-Type": "text/csv; charset=utf-8"}

    ours = SIGNER.headers("PUT", url, body=body, now=AT, others=kind)

    theirs = AWSRequest("PUT", url, headers={**kind, "X-Amz-Content-SHA256": ours["x-amz-content-sha256"]}, data=body)
    theirs.context.update(timestamp=ours["x-amz-date"], payload_signing_enabled=True)
    theirs.headers["X-Amz-Date"] = ours["x-amz-date"]
    signing = S3SigV4Auth(Credentials(SIGNER.access_key, SIGNER.secret_key), "s3", SIGNER.region)
    signature = signing.signature(signing.string_to_sign(theirs, signing.canonical_request(theirs)), theirs)
    assert ours["Authorization"].endswith(f"Signature={signature}")


class Bucket(NamedTuple):
    """A bucket, and the keys of a user who may put files there, and of one who may list it as well."""

    endpoint: str
    writes: tuple[str, str]
    lists: tuple[str, str]
    client: Any

    def settings(self, **document: Any) -> S3Settings:
        access_key, secret_key = document.pop("keys", self.writes)
        usual = {"endpoint": self.endpoint, "bucket": "warehouse", "addressing": "path"}
        return read(S3Settings, {**usual, "access_key": access_key, "secret_key": secret_key, **document})


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """A server that speaks S3, and lets in whose signature is right."""
    import boto3
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    ours = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    s3, iam = (boto3.client(name, endpoint_url=f"http://{host}:{port}", **ours) for name in ("s3", "iam"))
    s3.create_bucket(Bucket="warehouse")
    keys = []
    for name, actions in (("writes", ["s3:PutObject"]), ("lists", ["s3:PutObject", "s3:ListBucket"])):
        iam.create_user(UserName=name)
        allowed = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys.append((key["AccessKeyId"], key["SecretAccessKey"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        patch.setattr(ActionAuthenticatorMixin, "request_count", 1)
        yield Bucket(f"http://{host}:{port}", keys[0], keys[1], s3)
    server.stop()


def put(settings: S3Settings, **request: Any) -> Any:
    usual = {"name": "orders/:key.json", "text": '{"a": "Åse"}', "content_type": "application/json"}
    transport = s3_bucket.transport(settings, 2)
    try:
        [reply] = ask(transport, parcel(**{**usual, **request}))
    finally:
        transport.close()
    return reply


def found(bucket: Bucket, name: str) -> tuple[str, str]:
    """Read a file past the server's checks of who asks."""
    from moto.s3.models import s3_backends

    key = s3_backends["123456789012"]["aws"].get_object("warehouse", name)
    return key.value.decode(), key.metadata["Content-Type"]


def test_a_file_is_put_there_under_its_key(bucket: Bucket) -> None:
    reply = put(bucket.settings())

    assert (reply.verdict, json.loads(reply.body)) == (Verdict.DELIVERED, {"name": "orders/key-0.json"})
    assert found(bucket, "orders/key-0.json") == ('{"a": "Åse"}', "application/json")


def test_it_is_the_same_file_when_it_is_tried_again(bucket: Bucket) -> None:
    name = "blå mappe/år & dag+1 (a=b)?#%.csv"
    for text in ("1;2", "3;4"):
        assert put(bucket.settings(), name=name, text=text, content_type="text/csv").verdict is Verdict.DELIVERED

    assert found(bucket, name) == ("3;4", "text/csv")


def test_an_empty_file_is_one(bucket: Bucket) -> None:
    assert put(bucket.settings(), name="empty", text="", content_type="text/plain").verdict is Verdict.DELIVERED
    assert found(bucket, "empty") == ("", "text/plain")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"keys": ("AKIAIOSFODNN7EXAMPLE", "wrong")}, "InvalidAccessKeyId"),
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"bucket": "nobodys"}, "NoSuchBucket"),
    ],
)
def test_who_is_not_let_in_and_what_is_not_there_hold_the_connection(
    bucket: Bucket, changed: dict[str, Any], code: str
) -> None:
    reply = put(bucket.settings(**changed))

    assert (reply.verdict, code in reply.said) == (Verdict.HOLD, True)


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({}, {"sign_in": "well", "right": "doubt"}),
        ({"keys": "lists"}, {"sign_in": "well", "right": "doubt"}),
        ({"secret_key": "wrong"}, {"sign_in": "failed"}),
        ({"keys": ("AKIAIOSFODNN7EXAMPLE", "wrong")}, {"sign_in": "failed"}),
        ({"keys": "lists", "bucket": "nobodys"}, {"right": "failed"}),
    ],
)
def test_a_test_says_what_fails(bucket: Bucket, changed: dict[str, Any], parts: dict[str, str]) -> None:
    if changed.get("keys") == "lists":
        changed = {**changed, "keys": bucket.lists}

    report = s3_bucket.test(bucket.settings(**changed))

    assert {each.part.value: each.state.value for each in report.findings[3:]} == parts


def answering(status: int, code: str) -> Any:
    def handle(request: BaseHTTPRequestHandler) -> None:
        body = f"<Error><Code>{code}</Code></Error>".encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return handle


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "RequestTimeout", Verdict.AGAIN),
        (400, "AuthorizationHeaderMalformed", Verdict.HOLD),
        (400, "KeyTooLongError", Verdict.REFUSED),
        (409, "OperationAborted", Verdict.AGAIN),
        (500, "InternalError", Verdict.AGAIN),
        (503, "SlowDown", Verdict.SLOWER),
        (301, "PermanentRedirect", Verdict.HOLD),
    ],
)
def test_an_error_is_judged_by_its_code(system: Outside, status: int, code: str, verdict: Verdict) -> None:
    system.handle = answering(status, code)
    settings = {"endpoint": system.address, "bucket": "b-1", "addressing": "path", "access_key": "k", "secret_key": "s"}

    reply = put(read(S3Settings, settings))

    assert (reply.verdict, reply.said.endswith(f"({code})")) == (verdict, True)


@pytest.mark.parametrize(
    ("changed", "path", "message"),
    [
        ({"endpoint": "https://10.0.0.1"}, "endpoint", "private or reserved network"),
        ({"endpoint": "https://s3.example/?x"}, "endpoint", "neither ? nor #"),
        ({"bucket": "No"}, "bucket", "3 to 63"),
        ({"bucket": "a..b"}, "bucket", "3 to 63"),
        ({"region": "EU!"}, "region", "eu-central-1"),
        ({"access_key": "a/b"}, "access_key", "letters and digits"),
        ({"secret_key": ""}, "secret_key", "has to be filled in"),
        ({"bucket": "a.b.c"}, "addressing", "No certificate fits"),
        ({"endpoint": "https://93.184.215.14"}, "addressing", "no name of a host"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(changed: dict[str, Any], path: str, message: str) -> None:
    usual = {"endpoint": "https://s3.example", "bucket": "warehouse", "access_key": "k", "secret_key": "s"}

    with pytest.raises(SettingsError) as raised:
        read(S3Settings, {**usual, **changed})

    [problem] = raised.value.problems
    assert (problem.path, message in problem.message) == (path, True)


def test_the_bucket_stands_in_the_host_or_in_the_path() -> None:
    usual = {"endpoint": "https://s3.example:9000/", "bucket": "b-1", "access_key": "k", "secret_key": "s"}

    assert read(S3Settings, usual).base_url == "https://b-1.s3.example:9000"
    assert read(S3Settings, {**usual, "addressing": "path"}).base_url == "https://s3.example:9000/b-1"
    assert s3_bucket.leads_to(read(S3Settings, usual)) == "b-1 at s3.example"


@pytest.mark.parametrize(
    "changed",
    [
        *({"name": name} for name in ("", "/a", "a/", "a//b", "a/../b", "./a", "a\nb", "x" * 901, 5, "\ud800")),
        *({"text": text} for text in (None, "x" * 200_001, "\ud800")),
        *({"content_type": kind} for kind in ("", "text", "text/csv\r\nX: y", "text/csv; charset", None)),
    ],
)
def test_what_is_no_file_is_refused(changed: dict[str, Any]) -> None:
    problem = problem_of_file({"name": "a/b.csv", "text": "", "content_type": 'text/csv; charset="utf-8"', **changed})

    assert problem is not None
    assert problem.field in changed
