"""Write to a room of Matrix."""

from apps.flows.node import register
from apps.flows.nodes.teams.team_message import TeamMessage


@register
class TellMatrix(TeamMessage):
    """A room of Matrix gets a message, once for each time that people come here, however often it is tried.

    It is a plain text, of which the first 16,000 characters are sent, and mentions nobody. It is not encrypted end to
    end, also in rooms where people's messages are. People go on at once, unless they are to wait: then by refused where
    it is not taken as it is, and by error where no try went well in 72 hours.
    """

    key, title, icon, order = "matrix", "Matrix", "forum", 40
    connection_kind = "matrix"
    example = {
        "connection": "Shop on Matrix",
        "text": "{{ profile@data.pii.firstname | default('Somebody') }} ordered for {{ event@properties.total }}.",
    }
