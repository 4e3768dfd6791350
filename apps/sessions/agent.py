"""What a user agent tells: device, operating system, application, and whether it is a bot."""

from functools import lru_cache
from typing import Any, NamedTuple

from ua_parser import parse


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
    family = found.device.family if found.device else ""
    if family == "Spider" and user_agent.startswith(BACK_ENDS):
        return Agent(device={}, os={}, app={}, is_bot=False)
    is_spider = family == "Spider"
    device = {
        "name": family,
        "brand": found.device.brand if found.device else "",
        "model": found.device.model if found.device else "",
        "type": _device_type(user_agent, os=found.os.family if found.os else ""),
    }
    os = {"name": found.os.family, "version": _version(found.os)} if found.os else {}
    app = {"name": found.user_agent.family, "version": _version(found.user_agent)} if found.user_agent else {}
    if app and os:
        app["type"] = "browser"
    return Agent(
        device={} if is_spider else {name: value for name, value in device.items() if value},
        os=os,
        app={**app, "bot": True} if is_spider else app,
        is_bot=is_spider,
    )


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
