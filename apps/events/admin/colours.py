"""Which colour stands for what, on all pages of events."""

JOURNEY_COLOURS = {
    "awareness": "blue",
    "consideration": "blue",
    "purchase": "green",
    "retention": "amber",
    "advocacy": "amber",
}
POLICY_COLOURS = {"flag": "amber", "quarantine": "blue", "drop": "red"}
