"""Where requests of HTTP go, and who signs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.core import egress


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it is sent now, for whoever signs it."""

    key: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, what each of them has with it, and how long one may take."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)  # with the credentials
    secs: float = egress.SECS
    is_private: bool = False  # it leads into our own networks, and nowhere else
    sign: Callable[[Outgoing], Mapping[str, str]] | None = None  # makes headers of each request as it is sent

    def url(self, path: str) -> str:
        """Add the path of a request, and its query. Raises Forbidden where the base is no address."""
        target = egress.target_of(self.base_url)
        added, _, asked = path.partition("?")
        base, _, always = target.path.partition("?")
        query = "&".join(filter(None, (always, asked)))
        whole = f"{base.rstrip('/')}{added}" if added else base
        host = f"[{target.host}]" if ":" in target.host else target.host
        return f"{target.scheme}://{host}:{target.port}{whole}" + (f"?{query}" if query else "")
