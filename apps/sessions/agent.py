"""What a user agent tells: device, operating system, application, and whether it is a bot."""

from functools import lru_cache
from typing import Any, NamedTuple

from ua_parser import Result, parse


class Agent(NamedTuple):
    """The parts of a session that a user agent describes; unknown values are left out."""

    device: dict[str, Any]
    os: dict[str, Any]
    app: dict[str, Any]
    is_bot: bool


MAX_LENGTH = 1_000  # longer ones are attacks on the parser
# How the agents of HTTP clients begin that back ends use; the database counts them among spiders.
BACK_ENDS = ("Java/", "Python-urllib/", "Google-HTTP-Java-Client/", "WinHTTP", "WordPress/", "WooCommerce/")


def describe(user_agent: str) -> Agent:
    """Parse a user agent; the database of patterns is uap-core's, as the package ua-parser ships it."""
    return _describe(user_agent[:MAX_LENGTH])


@lru_cache(maxsize=4096)
def _describe(user_agent: str) -> Agent:
    found = parse(user_agent)
    is_spider = found.device is not None and found.device.family == "Spider"
    if is_spider and user_agent.startswith(BACK_ENDS):
        return Agent(device={}, os={}, app={}, is_bot=False)
    os = {"name": found.os.family, "version": _version(found.os)} if found.os else {}
    app = {"name": found.user_agent.family, "version": _version(found.user_agent)} if found.user_agent else {}
    if app and os:
        app["type"] = "browser"
    return Agent(
        device={} if is_spider else _device(user_agent, found),
        os=os,
        app={**app, "bot": True} if is_spider else app,
        is_bot=is_spider,
    )


def _device(user_agent: str, found: Result) -> dict[str, Any]:
    device: dict[str, str | None] = {"type": _device_type(user_agent, os=found.os.family if found.os else "")}
    if found.device:
        device |= {"name": found.device.family, "brand": found.device.brand, "model": found.device.model}
    return {name: value for name, value in device.items() if value}


def is_bot(user_agent: str) -> bool:
    """Tell whether the agent says of itself that it is a crawler or another robot."""
    return describe(user_agent).is_bot


def _device_type(user_agent: str, *, os: str) -> str:
    """Tell mobile, tablet or pc, the way browsers mark themselves: Android tablets leave out the word Mobile."""
    if "iPad" in user_agent or "Tablet" in user_agent or (os == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if "Mobi" in user_agent or os in ("iOS", "Android"):
        return "mobile"
    return "pc" if os else ""


def _version(part: Any) -> str:
    return ".".join(number for number in (part.major, part.minor, part.patch) if number)
