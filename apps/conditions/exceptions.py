"""What is wrong with a condition, and where."""


class ConditionError(ValueError):
    """A condition cannot be understood, or not here.

    Text has a position: `offset` counts characters from 0, `line` and `column` from 1, `length` is how much is wrong.
    The JSON form has a `path` such as "condition.items.0.left" instead.
    """

    def __init__(
        self,
        message: str,
        *,
        offset: int | None = None,
        length: int = 0,
        text: str = "",
        expected: tuple[str, ...] = (),
        suggestion: str = "",
        path: str = "",
    ) -> None:
        self.message = message
        self.offset = offset
        self.length = length
        self.line = self.column = None if offset is None else 0
        if offset is not None:
            self.line = text.count("\n", 0, offset) + 1
            self.column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        self.expected = expected
        self.suggestion = suggestion
        self.path = path
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = f"Line {self.line}, column {self.column}: " if self.offset is not None else ""
        where = where or (f"{self.path}: " if self.path else "")
        hint = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        if hint or not self.expected:
            return f"{where}{self.message}{hint}"
        *others, last = self.expected
        either = f"{', '.join(others)} or {last}" if others else last
        return f"{where}{self.message} Expected {either}."


class TreeError(ValueError):
    """Parts do not make a condition; whoever puts them together knows where they came from.

    `about` is the part that is out of place, where it is not the whole.
    """

    def __init__(self, message: str, about: object = None, *, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.about = about
        self.suggestion = suggestion
