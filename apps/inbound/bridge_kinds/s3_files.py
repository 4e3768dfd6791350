"""Files in a bucket of S3, each read once."""

from collections.abc import Sequence

from apps.bridges.connection_kind import Part, Report
from apps.bridges.kinds.s3_bucket import S3Settings
from apps.core.typed_settings import read
from apps.inbound.bridge_kind import register
from apps.inbound.files.file import Store
from apps.inbound.files.kind import Words, bridge_kind
from apps.inbound.files.objects import Bucket, BucketFilesSettings
from apps.inbound.files.settings import LEAVE


def reads(settings: BucketFilesSettings) -> str:
    """Say in short what is read."""
    return f"files {settings.prefix}{settings.pattern}"


def places(connection: S3Settings) -> Sequence[str]:
    """List what looks like folders."""
    return Bucket(connection, read(BucketFilesSettings, {})).folders()


def look(_store: Store, settings: BucketFilesSettings, report: Report) -> None:
    """Say what only the first file tells."""
    if settings.afterwards != LEAVE:
        report.doubt(Part.RIGHT, "Whether files may be moved or deleted is seen with the first one that was read.")


register(
    "s3_files",
    bridge_kind(
        Bucket,
        BucketFilesSettings,
        reads=reads,
        places=places,
        look=look,
        words=Words("Files in S3", icon="folder_open", order=81, connection_kind="s3"),
    ),
)
