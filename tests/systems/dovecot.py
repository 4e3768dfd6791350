"""A Dovecot of a test's own, in a folder and at ports of its own, whose mailboxes are written by IMAP."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from cdp.processes import BASE_DIR, tied
from tests.live import free_port, wait_for
from tests.systems import hanging, needs

CERTIFICATE = Path(__file__).parent.parent / "core" / "hook.pem"  # of hook.example, trusted by nobody
PASSWORD = "open sesame"  # of each user
USERS = ("anna", "ben", "carla")

CONF = """
base_dir = {run}
state_dir = {run}
log_path = {folder}/log
login_log_format_elements = user=<%u> method=%m
protocols = imap
listen = 127.0.0.1
{users}
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2
auth_failure_delay = 0
auth_debug = no
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = {connections}
imap_idle_notify_interval = 1 mins
mail_plugins = acl
plugin {{
  acl = vfile
}}
protocol imap {{
  mail_plugins = acl imap_acl
}}
passdb {{
  driver = passwd-file
  args = scheme=plain {folder}/users
  mechanisms = plain login
}}
{tokens}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
  # Who has typed a wrong password waits for no answer of the next.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""
TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
OAUTH = """
introspection_mode = post
introspection_url = {url}
username_attribute = email
username_format = %u
active_attribute = active
active_value = true
"""


class Dovecot:
    """A server with mailboxes of anna, ben and carla."""

    def __init__(self, folder: Path, *, introspection_url: str = "", connections: int = 50, port: int = 0) -> None:
        self.binary = needs("dovecot", package="dovecot-imapd")
        self.folder = folder
        self.port, self.tls_port = port or free_port(), free_port()
        self._prepare(introspection_url, connections)

    def start(self) -> None:
        """Start it, and return when it greets."""
        command = tied([self.binary, "-F", "-c", str(self.folder / "dovecot.conf")])
        self._process = subprocess.Popen(command, cwd=BASE_DIR, start_new_session=True)
        wait_for(self._greets, "Dovecot")

    def stop(self) -> None:
        """Stop it, and all that it has started; a killed one leaves locks, for which the next waits two minutes."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def restart(self) -> None:
        """Stop it, and start it anew; whoever is connected is cut off."""
        self.stop()
        self.start()

    def hanging(self) -> AbstractContextManager[None]:
        """Let it take connections, and answer nobody."""
        return hanging(self._process)

    @contextmanager
    def mailbox(self, user: str = "anna") -> Iterator[IMAPClient]:
        """Open a mailbox, as the tests write into it."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10) as client:
            client.plain_login(user, PASSWORD)
            client.normalise_times = False
            yield client

    def put(
        self, mails: Sequence[bytes], *, folder: str = "INBOX", user: str = "anna", at: datetime | None = None
    ) -> None:
        """Put mails into a folder, which is made where it is not there."""
        with self.mailbox(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def clean(self) -> None:
        """Let all mailboxes be empty."""
        for user in USERS:
            with self.mailbox(user) as client:
                for _, _, name in client.list_folders():
                    if name != "INBOX":
                        client.delete_folder(name)
                client.select_folder("INBOX")
                client.delete_messages(client.search())
                client.expunge()

    def renumber(self, user: str = "anna", *, folder: str = "INBOX") -> None:
        """Let the UIDs of a folder be numbered anew, as after a restored backup: the mails stay."""
        self.stop()
        place = self.folder / "mail" / user if folder == "INBOX" else self.folder / "mail" / user / f".{folder}"
        for path in [*place.glob("dovecot.index*"), place / "dovecot-uidlist"]:
            path.unlink(missing_ok=True)
        for path in (self.folder / "mail" / user).glob("dovecot-uidvalidity*"):
            path.unlink()
        self.start()

    @contextmanager
    def acl(self, user: str, folder: str, rights: str) -> Iterator[None]:
        """Let the owner of a folder have these rights alone: l sees it, r reads it, and others change it."""
        path = self.folder / "mail" / user / f".{folder}" / "dovecot-acl"
        path.write_text(f"owner {rights}\n")
        path.chmod(0o644)
        try:
            yield
        finally:
            path.unlink()

    def _greets(self) -> bool:
        with suppress(OSError, IMAPClient.Error):
            IMAPClient("127.0.0.1", self.port, ssl=False, timeout=5).shutdown()
            return True
        return False

    def _prepare(self, introspection_url: str, connections: int) -> None:
        # Root's mail is read by nobody: then mailboxes belong to nobody.
        user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        (self.folder / "mail").mkdir()
        (self.folder / "run").mkdir()
        self.folder.chmod(0o755)
        if os.getuid() == 0:
            os.chown(self.folder / "mail", user.pw_uid, user.pw_gid)
        users = "".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in USERS)
        (self.folder / "users").write_text(users)
        (self.folder / "oauth2.conf").write_text(OAUTH.format(url=introspection_url))
        own = f"default_internal_user = {user.pw_name}\ndefault_login_user = {user.pw_name}"
        conf = CONF.format(
            folder=self.folder,
            run=self.folder / "run",
            certificate=CERTIFICATE,
            connections=connections,
            user=user.pw_uid,
            group=user.pw_gid,
            users="" if os.getuid() == 0 else own,
            tokens=TOKENS.format(folder=self.folder) if introspection_url else "",
            port=self.port,
            tls_port=self.tls_port,
        )
        (self.folder / "dovecot.conf").write_text(conf)


@contextmanager
def dovecot_server(*, introspection_url: str = "", connections: int = 50, port: int = 0) -> Iterator[Dovecot]:
    """Run one, in a folder whose path is short, and that its processes may enter: they are not root's."""
    folder = Path(tempfile.mkdtemp(prefix="cdp-imap-"))
    try:
        server = Dovecot(folder, introspection_url=introspection_url, connections=connections, port=port)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":  # for whoever tries it on their own machine
    with dovecot_server(port=10_143), suppress(KeyboardInterrupt):
        print("127.0.0.1:10143", *USERS)
        signal.pause()
