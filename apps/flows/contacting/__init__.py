"""Whether flows may write to somebody now: quiet hours, caps, consents."""
