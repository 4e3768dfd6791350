"""Files in a bucket of S3, read in pieces, so that memory stays the same whatever their size.

By docs.aws.amazon.com: "ListObjectsV2", "GetObject", "CopyObject", "DeleteObject" and "Error responses".
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote_plus, urlencode

from apps.bridges.connection_kind import Part, failure_of
from apps.bridges.kinds.s3_bucket import ELSEWHERE, IN_HOST, UNKNOWN_KEYS, S3Settings
from apps.bridges.safe_addresses import goes_in_clear
from apps.bridges.transport.bucket import code_of
from apps.core import egress
from apps.core.egress import Answer, EgressError
from apps.core.typed_settings import text
from apps.inbound.files.file import File, Gone
from apps.inbound.files.globs import matcher_of
from apps.inbound.files.settings import LEAVE, MOVE, LineSettings
from apps.inbound.received import Failure

CHUNK_BYTES: Final = 1_000_000
LISTED_BYTES: Final = 4_000_000  # of a thousand names
MOST_PAGES: Final = 1_000  # a million objects
_OBJECT: Final = re.compile(r"<Contents>(.*?)</Contents>", re.DOTALL)
_FOLDER: Final = re.compile(r"<CommonPrefixes>\s*<Prefix>(.*?)</Prefix>", re.DOTALL)


def check_prefix(prefix: str) -> None:
    """Refuse what begins no name. Raises ValueError."""
    if prefix.startswith("/"):
        raise ValueError("The names in a bucket do not begin with a slash: orders/.")


@dataclass(frozen=True, kw_only=True)
class _Prefix:
    prefix: str = text(
        "Prefix",
        help="What the names of all files begin with: orders/.",
        default="",
        max_length=500,
        check=check_prefix,
    )


@dataclass(frozen=True, kw_only=True)
class BucketFilesSettings(LineSettings, _Prefix):
    """Which files of a bucket are read. Their pattern is that of what comes after the prefix."""


class Bucket:
    """The files of a bucket."""

    def __init__(self, connection: S3Settings, settings: BucketFilesSettings) -> None:
        self._connection, self._settings = connection, settings
        self._matches = matcher_of(settings.pattern)
        self._done = (
            f"{_folder_of(settings.prefix)}{settings.move_to.rstrip('/')}/" if settings.afterwards == MOVE else ""
        )

    def files(self) -> Iterator[File]:
        """List the files that match."""
        prefix = self._settings.prefix
        for file in self._listed({"prefix": prefix}):
            is_done = bool(self._done) and file.path.startswith(self._done)
            if not is_done and not file.path.endswith("/") and self._matches(file.path[len(prefix) :]):
                yield file

    def folders(self) -> list[str]:
        """List what looks like folders in the bucket."""
        body = self._list_page({"delimiter": "/", "prefix": self._settings.prefix})
        return [unquote_plus(html.unescape(found)) for found in _FOLDER.findall(body)]

    def chunks(self, file: File, *, offset: int) -> Iterator[bytes]:
        """Read a file from there on, as it was listed. Raises Gone, and Failure."""
        while offset < file.size:
            end = min(offset + CHUNK_BYTES, file.size)
            asked = {"Range": f"bytes={offset}-{end - 1}", "If-Match": f'"{file.handle}"'}
            answer = self._get(self._url(file.path), asked, most_bytes=end - offset)
            if answer.status in (404, 412):
                raise Gone
            if answer.status not in (200, 206):
                raise self._failure(answer)
            if len(answer.body) != end - offset or (answer.status == 200 and offset):
                raise Failure(Part.NETWORK, f"{self._host} gave other bytes of {file.path} than it was asked for.")
            yield answer.body
            offset = end

    def finish(self, file: File) -> None:
        """Move or delete a file, unless it is gone, or another one by now."""
        if self._settings.afterwards == LEAVE or not self._is_there(file):
            return
        if self._settings.afterwards == MOVE:
            target = self._done + file.path.removeprefix(_folder_of(self._settings.prefix))
            source = quote(f"/{self._connection.bucket}/{file.path}", "/-_.~")
            copied = {"x-amz-copy-source": source, "x-amz-copy-source-if-match": f'"{file.handle}"'}
            answer = self._send("PUT", self._url(target), copied)
            if answer.status == 412:
                return
            if answer.status != 200 or code_of(answer.body.decode("utf-8", "replace")):
                raise self._failure(answer, f"{file.path} was read, and cannot be moved")
        answer = self._send("DELETE", self._url(file.path), {})
        if answer.status not in (200, 204, 404):
            raise self._failure(answer, f"{file.path} was read, and cannot be deleted")

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    @property
    def _host(self) -> str:
        return egress.target_of(self._connection.endpoint).host

    def _is_there(self, file: File) -> bool:
        body = self._list_page({"prefix": file.path, "max-keys": "1"})
        return any(found.path == file.path and found.version == file.version for found in _files(body))

    def _listed(self, asked: Mapping[str, str]) -> Iterator[File]:
        token = ""
        for _ in range(MOST_PAGES):
            body = self._list_page({**asked, **({"continuation-token": token} if token else {})})
            yield from _files(body)
            token = _value(body, "NextContinuationToken")
            if not token:
                return
        raise Failure(Part.PLACE, f"There are more than {MOST_PAGES * 1_000:,} files: read them by several prefixes.")

    def _list_page(self, asked: Mapping[str, str]) -> str:
        slash = "/" if self._connection.addressing == IN_HOST else ""
        query = urlencode({"list-type": "2", "encoding-type": "url", **asked}, quote_via=quote)
        answer = self._get(f"{self._connection.base_url}{slash}?{query}", {}, most_bytes=LISTED_BYTES)
        if answer.status != 200:
            raise self._failure(answer)
        return answer.body.decode("utf-8", "replace")

    def _url(self, path: str) -> str:
        return f"{self._connection.base_url}/{quote(path, '/-_.~')}"

    def _get(self, url: str, headers: Mapping[str, str], *, most_bytes: int) -> Answer:
        signed = self._connection.signer.headers("GET", url, body=b"", now=datetime.now(UTC))
        secs, is_private = self._connection.time_out.total_seconds(), goes_in_clear(url)
        return self._tried(
            lambda: egress.fetch(
                url, headers={**headers, **signed}, secs=secs, is_private=is_private, most_bytes=most_bytes
            )
        )

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        signed = self._connection.signer.headers(method, url, body=b"", now=datetime.now(UTC), others=headers)
        secs, is_private = self._connection.time_out.total_seconds(), goes_in_clear(url)
        all_headers = {**headers, **signed}
        return self._tried(
            lambda: egress.send(url, method=method, body=b"", headers=all_headers, secs=secs, is_private=is_private)
        )

    def _tried(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except EgressError as error:
            raise failure_of(error) from None

    def _failure(self, answer: Answer, what: str = "") -> Failure:
        """Say what S3 does not do, by its code."""
        code = code_of(answer.body.decode("utf-8", "replace"))
        told = f"{what or f'{self._host} does not let us read'}: the answer was {answer.status}"
        told = f"{told} ({code})." if code else f"{told}."
        if code in UNKNOWN_KEYS or answer.status == 401 or code == "RequestTimeTooSkewed":
            return Failure(Part.SIGN_IN, told)
        if code in ELSEWHERE or 300 <= answer.status < 400:
            return Failure(Part.PLACE, f"The bucket is in another region, or at another endpoint: {answer.status}.")
        if answer.status == 404:
            return Failure(Part.PLACE, f"There is no bucket {self._connection.bucket}: {told}")
        return Failure(Part.RIGHT if answer.status == 403 else Part.NETWORK, told)


def _folder_of(prefix: str) -> str:
    return prefix[: prefix.rfind("/") + 1]


def _files(body: str) -> Iterator[File]:
    for found in _OBJECT.findall(body):
        etag = _value(found, "ETag").strip('"')
        size, modified = int(_value(found, "Size") or 0), _value(found, "LastModified")
        path = unquote_plus(_value(found, "Key"))
        yield File(path, f"{size}-{etag}", size, datetime.fromisoformat(modified), handle=etag)


def _value(body: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", body, re.DOTALL)
    return html.unescape(found[1]) if found else ""
