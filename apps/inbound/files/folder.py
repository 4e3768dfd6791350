"""Files in a folder of this machine, below one of those that its operators allow by INBOUND_FOLDERS."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings as django_settings

from apps.bridges.connection_kind import Part
from apps.core.typed_settings import duration, text
from apps.inbound.files.file import File, Gone
from apps.inbound.files.globs import matcher_of
from apps.inbound.files.settings import DELETE, LEAVE, MOVE, LineSettings
from apps.inbound.received import Failure

CHUNK_BYTES: Final = 1_000_000
NONE_ALLOWED: Final = "No folder is allowed: the setting INBOUND_FOLDERS of the environment names those that are."


def check_folder(path: str) -> None:
    """Refuse a folder that is not below an allowed one. Raises ValueError."""
    if not django_settings.INBOUND_FOLDERS:
        raise ValueError(NONE_ALLOWED)
    if not is_allowed(os.path.normpath(path)):
        raise ValueError(
            f"It is not below {' or '.join(django_settings.INBOUND_FOLDERS)}, as INBOUND_FOLDERS has them."
        )


def is_allowed(path: str) -> bool:
    """Tell whether a path, without links in it, is an allowed folder or below one."""
    roots = [*django_settings.INBOUND_FOLDERS, *map(os.path.realpath, django_settings.INBOUND_FOLDERS)]
    return any(path == root or path.startswith(f"{root}/") for root in roots)


@dataclass(frozen=True, kw_only=True)
class _Folder:
    folder: str = text("Folder", help="Below one of INBOUND_FOLDERS.", max_length=1_000, check=check_folder)
    quiet: timedelta = duration(
        "A file is whole once it was the same for",
        help="Better is to write it under another name, as .orders.csv or orders.csv.tmp, and to rename it.",
        most=timedelta(hours=24),
        default=timedelta(seconds=10),
    )


@dataclass(frozen=True, kw_only=True)
class FolderSettings(LineSettings, _Folder):
    """Which files of a folder are read."""


class Folder:
    """The files of a folder."""

    def __init__(self, settings: FolderSettings) -> None:
        """Look whether it may be read, and is there. Raises Failure."""
        self._settings = settings
        self._matches = matcher_of(settings.pattern)
        self._seen: dict[str, tuple[str, float]] = {}  # versions, and since when we know them
        self.root = os.path.realpath(settings.folder)
        if not django_settings.INBOUND_FOLDERS:
            raise Failure(Part.RIGHT, NONE_ALLOWED)
        if not is_allowed(self.root):
            raise Failure(Part.RIGHT, f"{settings.folder} is, or leads, outside of INBOUND_FOLDERS.")
        self._done = f"{self.root}/{settings.move_to.rstrip('/')}" if settings.afterwards == MOVE else ""

    def files(self) -> list[File]:
        """List the files that match, which nobody still writes."""
        found, seen = [], {}
        for path in self._paths():
            file = self._file(path)
            if file is None:
                continue
            since = self._since(file)
            seen[path] = (file.version, since)
            if self._is_quiet(file, since):
                found.append(file)
        self._seen = seen
        return found

    def chunks(self, file: File, *, offset: int) -> Iterator[bytes]:
        """Read a file from there on, as far as it went when it was listed. Raises Gone, and Failure."""
        try:
            with open(self._opened(file), "rb", buffering=0) as source:  # noqa: PTH123 - of a descriptor
                source.seek(offset)
                left = file.size - offset
                while left > 0:
                    chunk = source.read(min(left, CHUNK_BYTES))
                    if not chunk or _version_of(os.fstat(source.fileno())) != file.version:
                        raise Gone
                    left -= len(chunk)
                    yield chunk
        except FileNotFoundError:
            raise Gone from None
        except OSError as error:
            raise _failure(error, file.path) from None

    def finish(self, file: File) -> None:
        """Move or delete a file, unless it is gone, or another one by now."""
        path = Path(file.handle)
        try:
            if self._settings.afterwards == LEAVE or _version_of(path.lstat()) != file.version:
                return
            if self._settings.afterwards == DELETE:
                path.unlink()
            else:
                path.rename(self._free(file))
        except FileNotFoundError:
            return
        except OSError as error:
            told = "deleted" if self._settings.afterwards == DELETE else "moved"
            raise Failure(Part.RIGHT, f"{file.path} was read, and cannot be {told}: {_reason(error)}.") from None

    def close(self) -> None:
        """Do nothing."""

    def _paths(self) -> Iterator[str]:
        """Go through the folder and those in it; links to folders are not followed."""

        def fail(error: OSError) -> None:
            raise _failure(error, self._settings.folder) from None

        for folder, folders, names in os.walk(self.root, onerror=fail):
            folders[:] = [name for name in folders if f"{folder}/{name}" != self._done and not name.startswith(".")]
            for name in names:
                path = f"{folder}/{name}"
                if self._matches(path[len(self.root) + 1 :]):
                    yield path

    def _file(self, path: str) -> File | None:
        """Look at a file; None for what is none, is gone, or leads outside, or may."""
        real = os.path.realpath(path)
        try:
            found = Path(real).lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure(error, path) from None
        if not _is_alone(found) or not is_allowed(real):
            return None
        modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
        return File(_shown(path), _version_of(found), found.st_size, modified_at, handle=path)

    def _opened(self, file: File) -> int:
        """Open a file that is the one that was listed. Raises Gone."""
        real = os.path.realpath(file.handle)
        # What is no file any more must not be waited for, and no link be followed that came about meanwhile.
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        if not is_allowed(real) or not _is_alone(found) or _version_of(found) != file.version:
            os.close(descriptor)
            raise Gone
        return descriptor

    def _since(self, file: File) -> float:
        version, since = self._seen.get(file.handle, ("", 0.0))
        return since if version == file.version else time.monotonic()

    def _is_quiet(self, file: File, since: float) -> bool:
        """Tell whether it was the same for a while: by its own time, or as we have seen it, as clocks may differ."""
        quiet = self._settings.quiet
        return datetime.now(UTC) - file.modified_at >= quiet or time.monotonic() - since >= quiet.total_seconds()

    def _free(self, file: File) -> Path:
        """Return where a file is moved to: an earlier one of the name stays there."""
        target = Path(self._done) / Path(file.handle).relative_to(self.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not is_allowed(os.path.realpath(target.parent)):
            raise Failure(Part.RIGHT, f"{self._settings.move_to} leads outside of INBOUND_FOLDERS.")
        return target.with_name(f"{target.name}.{file.version}") if target.exists() else target


def _is_alone(found: os.stat_result) -> bool:
    """Tell whether it is a file of one name: of several (hard links) nobody knows whether one is outside."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _version_of(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns}"


def _shown(path: str) -> str:
    """Write a path as text, also where its bytes are none."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _failure(error: OSError, path: str) -> Failure:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Failure(Part.PLACE, f"There is no folder {_shown(path)}.")
    if isinstance(error, PermissionError):
        return Failure(Part.RIGHT, f"{_shown(path)} may not be read by us.")
    return Failure(Part.NETWORK, f"{_shown(path)} cannot be read: {_reason(error)}.")
