"""Write to a channel of Slack."""

from apps.flows.node import register
from apps.flows.nodes.teams.team_message import TeamMessage


@register
class TellSlack(TeamMessage):
    """A channel of Slack gets a message, once for each time that people come here. Mattermost and Rocket.Chat, too.

    What you write is mrkdwn, as Slack has it: *bold*, <https://shop.example.com|the shop>. In what is filled in, &, <
    and > are escaped, and no @ names anybody: it mentions nobody. People go on at once, unless they are to wait:
    then by refused where it is not taken as it is, and by error where no try went well in 72 hours.
    """

    key, title, icon, order = "slack", "Slack", "forum", 10
    connection_kind, markup = "slack", "mrkdwn"
    example = {
        "connection": "Sales on Slack",
        "text": "*{{ profile@data.pii.firstname | default('Somebody') }}* ordered for {{ event@properties.total }}.",
    }
