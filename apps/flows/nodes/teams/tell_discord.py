"""Write to a channel of Discord."""

from apps.flows.node import register
from apps.flows.nodes.teams.team_message import TeamMessage


@register
class TellDiscord(TeamMessage):
    """A channel of Discord gets a message, once for each time that people come here. It mentions nobody.

    What you write is Markdown, as Discord has it: **bold**. What is filled in is escaped, so that it is shown as it is.
    Of a message the first 2,000 characters are sent. People go on at once, unless they are to wait: then by refused
    where it is not taken as it is, and by error where no try went well in 72 hours.
    """

    key, title, icon, order = "discord", "Discord", "forum", 20
    connection_kind, markup = "discord", "markdown"
    example = {
        "connection": "Shop on Discord",
        "text": "**{{ profile@data.pii.firstname | default('Somebody') }}** ordered for {{ event@properties.total }}.",
    }
