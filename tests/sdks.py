"""Messages as the specifications of Segment and RudderStack have them, with invented values."""

from collections.abc import Iterator
from typing import Any, Final

from tests.commerce import EVENTS

Message = dict[str, Any]

_PLACE: Final = {"street": "6th St", "city": "San Francisco", "state": "CA", "postalCode": "94103", "country": "USA"}
# The reserved traits of people, alone and together, and a few that senders add.
TRAITS: Final[list[dict[str, Any]]] = [
    {"email": "ada@mail.example"},
    {"firstName": "Ada", "lastName": "Byron", "phone": "+49 30 901820", "age": 36},
    {"name": "Ada Byron", "gender": "female", "birthday": "1985-12-10", "createdAt": "2024-03-01T12:00:00Z"},
    {"address": _PLACE, "avatar": "https://ada.example/a.png", "website": "https://ada.example", "username": "ada"},
    {
        "company": {
            "name": "Engines",
            "id": "123",
            "industry": "Technology",
            "employee_count": 420,
            "plan": "enterprise",
        }
    },
    {"title": "Countess", "description": "Writes notes", "logins": 5, "plan": "premium", "isVip": True, "score": 1.5},
    {"email": None, "phone": "", "tags": [], "settings": {}, "nested": {"a": [{"b": [1, None]}]}},
    {
        "Ünïcode": "日本語",
        "emoji 😀": "👩\u200d🚀",
        "dotted.key": {"x.y": 1},
        "$set": "a",
        " blank ": " b ",
        "": "empty",
    },
    {"zero": 0, "false": False, "big": 9007199254740993, "small": 5e-324, "negative": -1.25, "text number": "007"},
]
GROUPS: Final[list[dict[str, Any]]] = [
    {"name": "Engines", "industry": "Technology", "employees": 329, "plan": "enterprise", "total billed": 830},
    {"email": "office@engines.example", "phone": "+49 30 901820", "address": _PLACE, "createdAt": "2020-01-01"},
    {"id": "g-9", "website": "https://engines.example", "avatar": "https://engines.example/a.png", "description": ""},
]
PAGES: Final[list[dict[str, Any]]] = [
    {"title": "Welcome", "url": "https://shop.example/", "path": "/", "referrer": "https://search.example/?q=socks"},
    {"url": "https://shop.example/a?b=c&utm_source=news#d", "search": "?b=c&utm_source=news", "keywords": ["a", "b"]},
    {"name": "Pricing", "category": "Docs", "plan": None},
    {},
]
SCREENS: Final[list[dict[str, Any]]] = [{"Feed Type": "private"}, {"name": "Home", "variant": 2}, {}]

# What `track` is specified for beside e-commerce: software as a service, apps, e-mail, chats, experiments, videos.
_ACCOUNT: Final = {"account_name": "Engines", "group_id": "g-9"}
_APP: Final = {"version": "1.2.3", "build": 1234}
_PUSH: Final = {
    "action": "Accept",
    "campaign": {"name": "Wool", "medium": "Push", "source": "Vendor", "content": "20 % off", "image_url": "i.png"},
}
_EMAIL: Final = {
    "context": {"ip": "192.0.2.7", "traits": {"email": "ada@mail.example"}},
    "email_id": "e-1",
    "email_subject": "Wool week",
    "campaign_id": "c-1",
    "campaign_name": "Wool",
    "link_id": "l-1",
    "link_url": "https://shop.example/wool",
}
_CHAT: Final = {"agent_id": "a-1", "agent_name": "Bo", "agent_username": "bo", "conversation_id": "t-1"}
_PLAYBACK: Final = {
    "session_id": "v-1",
    "content_asset_ids": ["0129370"],
    "content_pod_ids": ["segA", "segB"],
    "ad_asset_id": ["ad123", "ad097"],
    "ad_pod_id": ["adSegA"],
    "ad_type": ["mid-roll"],
    "position": 278,
    "total_length": 392,
    "bitrate": 100,
    "framerate": 29.0,
    "video_player": "youtube",
    "sound": 88,
    "full_screen": False,
    "ad_enabled": True,
    "quality": "hd1080",
    "livestream": False,
}
_CONTENT: Final = {
    "session_id": "v-1",
    "asset_id": "0129370",
    "pod_id": "segA",
    "title": "Knitting, part 1",
    "season": "1",
    "position": 0,
    "total_length": 392,
    "genre": "How to",
    "publisher": "Shop",
    "full_episode": True,
    "keywords": ["wool", "needles"],
}
_AD: Final = {
    "asset_id": "ad123",
    "pod_id": "adSegA",
    "type": "pre-roll",
    "title": "Wool!",
    "position": 0,
    "load_type": "dynamic",
}
_SPECIFIED: Final[dict[str, dict[str, Any]]] = {
    **dict.fromkeys(("Account Created", "Account Deleted"), _ACCOUNT),
    **{key: {**_ACCOUNT, "role": "Owner"} for key in ("Account Added User", "Account Removed User")},
    "Signed Up": {
        "type": "organic",
        "first_name": "Ada",
        "email": "ada@mail.example",
        "username": "ada",
        "title": "Dr",
    },
    "Signed In": {"username": "ada"},
    "Signed Out": {"username": "ada"},
    "Invite Sent": {"invitee_email": "bo@mail.example", "invitee_first_name": "Bo", "invitee_role": "Owner"},
    "Trial Started": {"trial_start_date": "2026-01-01", "trial_end_date": "2026-01-15", "trial_plan_name": "Pro"},
    "Trial Ended": {"trial_start_date": "2026-01-01", "trial_end_date": "2026-01-15", "trial_plan_name": "Pro"},
    "Application Installed": _APP,
    "Application Opened": {**_APP, "from_background": False, "url": "shop://home", "referring_application": "Mail"},
    "Application Backgrounded": {},
    "Application Foregrounded": {},
    "Application Updated": {**_APP, "previous_version": "1.1.2", "previous_build": "1.1.2"},
    "Application Uninstalled": {},
    "Application Crashed": {},
    "Install Attributed": {"provider": "Some Vendor", "campaign": {**_PUSH["campaign"], "ad_creative": "red"}},
    **dict.fromkeys(("Push Notification Received", "Push Notification Tapped", "Push Notification Bounced"), _PUSH),
    "Deep Link Clicked": {"provider": "Some Vendor", "url": "shop://wool"},
    "Deep Link Opened": {"provider": "Some Vendor", "url": "shop://wool"},
    **dict.fromkeys(("Email Delivered", "Email Opened", "Email Link Clicked", "Email Bounced"), _EMAIL),
    **{key: {**_EMAIL, "list_id": "7", "list_name": "News"} for key in ("Email Marked as Spam", "Unsubscribed")},
    "Live Chat Conversation Started": _CHAT,
    "Live Chat Message Sent": {**_CHAT, "message_id": "m-1", "message_body": "Hello!"},
    "Live Chat Message Received": {**_CHAT, "message_id": "m-2", "message_body": "Good day"},
    "Live Chat Conversation Ended": {**_CHAT, "conversation_duration": 80},
    "Experiment Viewed": {
        "experiment_id": "x-1",
        "experiment_name": "Button",
        "variation_id": "36",
        "variation_name": "red",
    },
    **{
        f"Video Playback {what}": _PLAYBACK
        for what in (
            *("Started", "Paused", "Interrupted", "Buffer Started", "Buffer Completed", "Seek Started"),
            *("Seek Completed", "Resumed", "Completed", "Exited"),
        )
    },
    "Video Quality Updated": {"bitrate": 16, "framerate": 60, "startupTime": 5, "droppedFrames": 2},
    **{f"Video Content {what}": _CONTENT for what in ("Started", "Playing", "Completed")},
    **{f"Video Ad {what}": _AD for what in ("Started", "Playing", "Completed")},
}
TRACKED: Final[dict[str, dict[str, Any]]] = {**EVENTS, **_SPECIFIED}

_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_PAGE: Final = {"path": "/wool", "referrer": "", "search": "", "title": "Wool", "url": "https://shop.example/wool"}
_PHONE: Final = {
    "id": "B5372DB0-C21E-11E4-8DFC-AA07A5B093DB",
    "advertisingId": "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB",
    "adTrackingEnabled": True,
    "manufacturer": "Apple",
    "model": "iPhone17,2",
    "name": "maguro",
    "type": "ios",
    "token": "ff15bc0c20c4aa6cd50854ff165fd265c838e5405bfeb9571066395b8c9da449",
}
_SHOP: Final = {"name": "Shop", "version": "545", "build": "3.0.1.545", "namespace": "example.shop"}
_NETWORK: Final = {"bluetooth": False, "carrier": "Carrier", "cellular": True, "wifi": False}
# What SDKs say around a message.
CONTEXTS: Final[list[dict[str, Any]]] = [
    {},
    {"library": {"name": "analytics-node", "version": "2.1.0"}},
    {
        "library": {"name": "analytics.js", "version": "next-1.70"},
        "page": _PAGE,
        "userAgent": _BROWSER,
        "locale": "de-DE",
    },
    {
        "library": {"name": "analytics-ios", "version": "4.1.8"},
        "app": _SHOP,
        "device": _PHONE,
        "os": {"name": "iOS", "version": "18.1"},
        "network": _NETWORK,
        "screen": {"width": 320, "height": 568, "density": 2},
        "locale": "en-US",
        "timezone": "Europe/Amsterdam",
        "ip": "192.0.2.8",
    },
    {
        "library": {"name": "com.rudderstack.android.sdk.core", "version": "1.21.0"},
        "app": _SHOP,
        "device": {**_PHONE, "manufacturer": "Google", "model": "Pixel 8", "type": "Android"},
        "os": {"name": "Android", "version": "14"},
        "sessionId": 1_700_000_000,
        "sessionStart": True,
        "locale": "de_DE",
        "timezone": "GMT+8",
    },
    {
        "app": {"name": "RudderLabs JavaScript SDK", "namespace": "com.rudderlabs.javascript", "version": "3.7"},
        "library": {"name": "RudderLabs JavaScript SDK", "version": "3.7"},
        "os": {"name": "", "version": ""},
        "screen": {"density": 2, "height": 900, "innerHeight": 789, "innerWidth": 1440, "width": 1440},
        "campaign": {"name": "wool", "source": "news", "medium": "email", "term": "warm", "content": "image"},
        "userAgent": _BROWSER,
        "traits": {"plan": "pro"},
        "page": {
            **_PAGE,
            "initial_referrer": "$direct",
            "initial_referring_domain": "",
            "tab_url": "https://shop.example",
        },
    },
    {
        "active": True,
        "groupId": "g-9",
        "location": {"city": "Berlin", "country": "Germany", "latitude": 52.5, "longitude": 13.4, "speed": 0},
        "referrer": {
            "id": "ABCD",
            "type": "dataxu",
            "name": "n",
            "url": "https://ad.example",
            "link": "https://a.example",
        },
        "consent": {"categoryPreferences": {"Advertising": True, "Analytics": False}},
        "externalIds": [{"id": "x-1", "type": "braze_id", "collection": "users", "encoding": "none"}],
        "protocols": {"event_id": "sp_1"},
        "own": {"nested": [1, "two", None, {"three": 3.5}]},
    },
]
# The times that they write; all but the first two are spelled unlike.
TIMES: Final = ("2026-01-15T10:00:00.000Z", "2026-01-15T10:00:00Z", "2026-01-15T12:00:00+02:00", "2026-01-15 10:00:00")


def taken() -> Iterator[Message]:
    """Yield messages that say all that they have to."""
    for place, traits in enumerate(TRAITS):
        yield {"type": "identify", "userId": f"by-traits-{place}", "traits": traits}
        yield {"type": "identify", "userId": f"by-context-{place}", "context": {"traits": traits}}
    for traits in GROUPS:
        yield {"type": "group", "userId": "ada", "groupId": "g-9", "traits": traits}
    for properties in PAGES:
        yield {"type": "page", "anonymousId": "device-1", "name": "Home", "properties": properties}
    for properties in SCREENS:
        yield {
            "type": "screen",
            "anonymousId": "device-2",
            "name": "Home",
            "category": "Shop",
            "properties": properties,
        }
    for event, properties in TRACKED.items():
        yield {"type": "track", "userId": "ada", "event": event, "properties": properties}
    for place, context in enumerate(CONTEXTS):
        who = {"anonymousId": f"device-of-context-{place}"}
        yield {"type": "track", **who, "event": "Wool Touched", "properties": {"soft": True}, "context": context}
        yield {"type": "page", **who, "name": "Wool", "properties": PAGES[0], "context": context}
        yield {"type": "screen", **who, "name": "Wool", "properties": {}, "context": context}
        yield {"type": "identify", **who, "userId": f"of-context-{place}", "traits": TRAITS[1], "context": context}
        yield {"type": "group", **who, "groupId": "g-9", "traits": GROUPS[0], "context": context}
        yield {"type": "alias", "userId": f"of-context-{place}", "previousId": f"alias-{place}", "context": context}
    for time in TIMES:
        yield {"type": "track", "userId": "ada", "event": "Timed", "properties": {"at": time}, "timestamp": time}
        yield {"type": "track", "userId": "ada", "event": "Timed", "properties": {}, "originalTimestamp": time}
    for properties in TRAITS:  # odd values are odd in events, too
        yield {
            "type": "track",
            "userId": "ada",
            "event": "Odd",
            "properties": properties,
            "integrations": {"All": True},
        }


def refused() -> Iterator[Message]:
    """Yield messages with something wrong that no default can stand in for."""
    yield {"type": "track", "event": "Nobody", "properties": {}}
    yield {"type": "track", "userId": "undefined", "anonymousId": "", "event": "Nobody"}
    yield {"type": "identify", "traits": {"email": "a@b.example"}}
    yield {"type": "track", "userId": "ada", "properties": {"of": "no event"}}
    yield {"type": "track", "userId": "ada", "event": "", "properties": {}}
    yield {"type": "track", "userId": "ada", "event": 7}
    yield {"type": "track", "userId": "ada", "event": "Listed", "properties": ["a", "b"]}
    yield {"type": "track", "userId": "ada", "event": "Written", "properties": "a=b"}
    yield {"type": "identify", "userId": "ada", "traits": "vip"}
    yield {"type": "track", "userId": "ada", "event": "x", "context": "web"}
    yield {"type": "telemetry", "userId": "ada"}
    yield {"userId": "ada", "event": "without a type"}
    yield {"type": "track", "userId": "ada", "event": "x", "properties": {"nul": "a\x00b"}}
    yield {"type": "track", "userId": "ada", "event": "x" * 129}
    yield {"type": "track", "userId": {"id": 5}, "event": "x"}
