"""A folder as the root of a process: its own mounts, user and environment, with what the kernel offers for it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NO_RIGHTS = ("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")
# What a build engine lends to its steps: the network's names, and whom the machine trusts.
LENT = ("/etc/resolv.conf", "/etc/ssl/certs", "/etc/pip.conf")


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the machine, at a place in the root."""

    source: Path
    target: str
    is_read_only: bool = False


@dataclass(slots=True)
class Root:
    """A root, and how a process in it runs."""

    folder: Path
    env: Mapping[str, str]
    working_dir: str = "/"
    user: str = "0"
    is_read_only: bool = False
    mounts: Sequence[Mount] = ()
    tmpfs: Sequence[str] = ()
    drops_rights: bool = False

    def command(self, words: Sequence[str]) -> list[str]:
        """Return what runs the words in it: the process is replaced again and again, so that signals reach them."""
        for mount in self.mounts:
            self._make_place(mount)
        uid, gid, home = self._user()
        become = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        variables = (f"{name}={value}" for name, value in {"HOME": home, **self.env}.items())
        environment = ["env", "-i", f"--chdir={self.working_dir}", *variables]
        rights = NO_RIGHTS if self.drops_rights else ()
        inner = ["chroot", str(self.folder), *become, *rights, *environment, *words]
        return ["unshare", "--mount", "sh", "-ec", f'{self._script()}\nexec "$@"', "sh", *inner]

    def _make_place(self, mount: Mount) -> None:
        """Make what a mount needs to be there, as an engine does."""
        place = self.folder / mount.target.lstrip("/")
        if mount.source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.touch()

    def _user(self) -> tuple[str, str, str]:
        """Find user, group and home by the name or number of the user, as the root's /etc/passwd has them."""
        for line in (self.folder / "etc/passwd").read_text().splitlines():
            name, _, uid, gid, _, home, _ = line.split(":")
            if self.user in (name, uid):
                return uid, gid, home
        return self.user, "0", "/"

    def _script(self) -> str:
        root = str(self.folder)
        lines = [f"mount --bind {root} {root}", f"mount --rbind /dev {root}/dev", f"mount -t proc proc {root}/proc"]
        for mount in self.mounts:
            lines.append(f"mount --bind {mount.source} {root}{mount.target}")
            if mount.is_read_only:
                lines.append(f"mount -o remount,bind,ro {root}{mount.target}")
        if self.is_read_only:
            lines.append(f"mount -o remount,bind,ro {root}")
        lines += [f"mount -t tmpfs -o {_options(each)} tmpfs {root}{each.partition(':')[0]}" for each in self.tmpfs]
        return "\n".join(lines)


def _options(tmpfs: str) -> str:
    return tmpfs.partition(":")[2] or "mode=1777"


def lent() -> list[Mount]:
    """Lend a root what its steps need to reach the registries that this machine reaches."""
    return [Mount(Path(path), path, is_read_only=True) for path in LENT if Path(path).exists()]


def lent_environment() -> dict[str, str]:
    """Return what this machine tells pip, npm and Node of registries, proxies and whom to trust."""
    told = ("PIP_", "npm_config_", "NODE_EXTRA_CA_CERTS")
    return {name: value for name, value in os.environ.items() if name.startswith(told) or name.endswith("_proxy")}
