"""What is wrong with what people define, such as a segment or an event type: one shape for all of it."""


class DefinitionError(ValueError):
    """A definition is wrong; `field` names the place in it, and `message` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
