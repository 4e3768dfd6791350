"""What roles may do with what leaves the house. Marketers choose connections by their names, and see no settings."""

from apps.core.roles import OPERATE, SEE_PEOPLE, actions, grant

grant(*actions("bridges.connection"), to=OPERATE)
# What is sent says much of people.
grant(*actions("bridges.delivery", "view"), to=SEE_PEOPLE)
grant(*actions("bridges.delivery", "change"), to=OPERATE)
