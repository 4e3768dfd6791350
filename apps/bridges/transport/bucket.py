"""Files that are put into a bucket of S3, each a request of HTTP, and what the answers of S3 mean beyond their status.

By docs.aws.amazon.com: "PutObject", "Error responses" and "Naming Amazon S3 objects".
"""

import re
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import orjson

from apps.bridges import requests
from apps.bridges.transport import Parcel, Reply
from apps.bridges.transport.http import HttpTransport
from apps.bridges.verdicts import Verdict

_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
# What its status alone would not say.
_VERDICTS: Final = {
    "RequestTimeout": Verdict.AGAIN,
    "OperationAborted": Verdict.AGAIN,
    "SlowDown": Verdict.SLOWER,
    "AuthorizationHeaderMalformed": Verdict.HOLD,  # it is in another region
    "IllegalLocationConstraintException": Verdict.HOLD,
    "InvalidBucketName": Verdict.HOLD,
}


class BucketTransport(HttpTransport):
    """Files of one bucket."""

    def send(self, parcel: Parcel) -> None:
        """Begin to put a file there; what is wrong with it is the reply."""
        problem = requests.problem_of_file(parcel.request)
        if problem:
            self._done.append(Reply(parcel, Verdict.REFUSED, problem.message))
            return
        super().send(replace(parcel, request=_put(parcel)))

    def replies(self, *, secs: float) -> list[Reply]:
        """Return what has ended, with what the files are called."""
        return [_read(reply) for reply in super().replies(secs=secs)]


def code_of(body: str) -> str:
    """Return the code of an error, as S3 has them; empty where an answer has none."""
    found = _CODE.search(body)
    return found[1] if found else ""


def _put(parcel: Parcel) -> dict[str, Any]:
    name = parcel.request["name"].replace(requests.KEY_IN_NAME, parcel.key)
    return {
        "method": "PUT",
        "path": "/" + quote(name, "/-_.~"),
        "headers": {"Content-Type": parcel.request["content_type"]},
        "body": parcel.request["text"],
        "name": name,
    }


def _read(reply: Reply) -> Reply:
    if reply.verdict is Verdict.DELIVERED:
        return replace(reply, body=orjson.dumps({"name": reply.parcel.request["name"]}).decode())
    code = code_of(reply.body)
    return replace(
        reply, verdict=_VERDICTS.get(code, reply.verdict), said=f"{reply.said} ({code})" if code else reply.said
    )
