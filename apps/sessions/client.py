"""What a client says of its own device, system and application: browsers by their user agent, apps in so many words."""

from collections.abc import Mapping
from typing import Any, Final

from apps.sessions.agent import Agent, describe
from apps.sessions.short import text

_NOTHING: Final = Agent(device={}, os={}, app={}, is_bot=False)
# The classes of devices; SDKs of apps write the system in place of the class.
_CLASSES: Final = {
    "mobile": "mobile phone smartphone handset android ios iphone ipod",
    "tablet": "tablet ipad ipados",
    "pc": "pc desktop laptop computer mac macos windows linux",
    "tv": "tv smarttv tvos androidtv appletv",
    "watch": "watch wearable watchos wearos",
    "console": "console",
}
_CLASS_OF: Final = {word: kind for kind, words in _CLASSES.items() for word in words.split()}


def describe_client(user_agent: str, context: Mapping[str, Any]) -> Agent:
    """Describe the client by its user agent, and by the `device`, `os` and `app` of its context, as SDKs write them."""
    agent = describe(user_agent) if user_agent else _NOTHING
    os, app = _named(context.get("os")), _named(context.get("app"))
    # An app that names its system is no browser. SDKs in browsers say `app`, too, and mean themselves.
    is_native = bool(os) or not agent.app
    return agent._replace(
        device=_device(agent, _object(context.get("device")), os=os.get("name", "")),
        os=os or agent.os,
        app=app if app and is_native else agent.app,
    )


def _device(agent: Agent, said: Mapping[str, Any], *, os: str) -> dict[str, Any]:
    brand = said.get("brand") or said.get("manufacturer")
    words = {"name": text(said.get("name")), "brand": text(brand), "model": text(said.get("model"))}
    kind = _class_of(said, os) or agent.device.get("type")
    return {**agent.device, **{name: value for name, value in (*words.items(), ("type", kind)) if value}}


def _class_of(said: Mapping[str, Any], os: str) -> str:
    """Tell the class of a device from its type, or its system: a tablet says so in its model, or its name."""
    word = _word(said.get("type"))
    kind = _CLASS_OF.get(word) or (_CLASS_OF.get(_word(os), "") if said or os else "")
    if kind == "mobile":
        model = f"{text(said.get('model'))} {text(said.get('name'))}".lower()
        return "tablet" if "ipad" in model or "tablet" in model or _word(os) == "ipados" else "mobile"
    return kind


def _word(value: Any) -> str:
    return "".join(filter(str.isalnum, text(value).lower()))


def _named(value: Any) -> dict[str, str]:
    """Read {name, version} where there is a name."""
    said = _object(value)
    name, version = said.get("name"), text(said.get("version"))
    if not isinstance(name, str) or not text(name):
        return {}
    return {"name": text(name), "version": version} if version else {"name": text(name)}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
