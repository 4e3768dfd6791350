"""Programs that open what people are sent before they do: scanners of mails, makers of previews, and proxies.

By the names that their makers publish or that they give themselves; most programs that mean ill have none.
"""

import re
from typing import Final

from apps.sessions.agent import MAX_LENGTH, is_bot

# Who shows what a link leads to, in chats and feeds.
_PREVIEWS: Final = (
    "facebookexternalhit",
    "facebookcatalog",
    "facebot",
    "meta-externalagent",
    "meta-externalfetcher",
    "WhatsApp/",
    "TelegramBot",
    "Slackbot",
    "Slack-ImgProxy",
    "Twitterbot",
    "LinkedInBot",
    "Discordbot",
    "SkypeUriPreview",
    "MicrosoftPreview",
    "BingPreview",
    "Mastodon/",
    "Bluesky Cardyb",
    "Pinterestbot",
    "redditbot",
    "Iframely",
    "Embedly",
    "vkShare",
    "Viber",
    "Snap URL Preview",
    "Google-PageRenderer",
    "Mattermost",
    "Rocket.Chat",
    "Synapse",
)
# Who looks whether a mail, or what it links to, does harm.
_SCANNERS: Final = (
    "Barracuda",
    "Proofpoint",
    "Mimecast",
    "MessageLabs",
    "Symantec",
    "Trend Micro",
    "TrendMicro",
    "FortiGuard",
    "Fortinet",
    "IronPort",
    "Cisco Secure",
    "Umbrella",
    "Sophos",
    "Zscaler",
    "Bitdefender",
    "Kaspersky",
    "ESET",
    "VirusTotal",
    "urlscan",
    "Check Point",
    "CheckPoint",
    "Palo Alto",
    "PaloAlto",
    "Forcepoint",
    "Websense",
    "FireEye",
    "Trellix",
    "Google-Safety",
    "Vade",
    "Hornetsecurity",
    "SpamAssassin",
    "rspamd",
    "CloudMark",
)
# What programs are made with: nobody reads mails by them.
_LIBRARIES: Final = (
    "curl/",
    "Wget/",
    "python-requests",
    "Python-urllib",
    "aiohttp",
    "httpx/",
    "Go-http-client",
    "Apache-HttpClient",
    "Java/",
    "node-fetch",
    "axios/",
    "undici",
    "libwww-perl",
    "GuzzleHttp",
    "HeadlessChrome",
    "PhantomJS",
    "Puppeteer",
    "Playwright",
)
_PROGRAM: Final = re.compile(
    r"(?<![a-z])(?:" + "|".join(map(re.escape, (*_PREVIEWS, *_SCANNERS, *_LIBRARIES))) + ")", re.IGNORECASE
)
# Apple's mail program fetches all pictures when a mail arrives, read or not, and says no more of itself than this.
_MAIL_PRIVACY: Final = "Mozilla/5.0"


def suspicion(user_agent: str) -> str:
    """Say which kind of program somebody seems to be, in a word; empty for people, and programs that pass for them."""
    agent = user_agent[:MAX_LENGTH].strip()
    if not agent:
        return "nameless"
    if agent == _MAIL_PRIVACY:
        return "mail-privacy"
    if _PROGRAM.search(agent):
        return "scanner"
    return "robot" if is_bot(agent) else ""
