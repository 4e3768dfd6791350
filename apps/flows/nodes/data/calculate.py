"""Numbers made of numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import Problem, items, number, text
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import check_name, placed
from apps.flows.templates.text_filters import FILTERS


def _check_formula(formula: str) -> None:
    if "{" in formula or "}" in formula:
        raise ValueError("A formula stands without {{ }}: event@properties.price * 1.25.")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number."""

    name: str = text("Name", max_length=60, check=check_name, help="As total it is payload@total from here on.")
    formula: str = text(
        "Formula",
        max_length=2_000,
        check=_check_formula,
        help="+ - * / and ( ), of numbers and references: event@properties.price * 1.25. Filters work, too.",
    )
    decimals: int | None = number(
        "Decimal places", default=None, least=0, most=10, help="It is rounded, a half up. Empty: as many as it has."
    )


@register
class Calculate(Node):
    """Numbers are worked out one after the other, and stand in the payload: each may be made of those before it.

    A number that came as a text is made one by a filter: event@properties.price | round(2). What is no number, or
    divides by zero, leaves by error.
    """

    key, group, title, icon, order = "calculate", "data", "Calculate", "calculate", 30
    has_error_port = True
    example = {
        "rows": [
            {"name": "net", "formula": "event@properties.price * event@properties.quantity"},
            {"name": "total", "formula": "payload@net * 1.25", "decimals": 2},
        ]
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """The numbers, in their order."""

        rows: tuple[Row, ...] = items("Numbers", Row, least=1, most=50)

        def problems(self) -> Iterator[Problem]:
            """Refuse two of a name."""
            names = [row.name for row in self.rows]
            for place, name in enumerate(names):
                if name in names[:place]:
                    yield Problem(f"rows.{place}.name", f"There are two numbers {name}.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._rows = [
            (row, place.value(f"rows.{nth}.formula", f"{{{{ {row.formula} }}}}"))
            for nth, row in enumerate(settings.rows)
        ]

    def run(self, step: Step) -> Move:
        """Work them out."""
        payload = step.payload
        for row, formula in self._rows:
            found = formula({**step.scope, "payload": payload})
            if not _is_number(found):
                return Fail(f"What {row.name} comes to is no number.")
            rounded = _exact(found) if row.decimals is None else FILTERS["round"](found, row.decimals)
            payload = placed(payload, row.name, rounded)
        return Go(payload=payload)


def _exact(number: float) -> int | float:
    """Leave out the digits that only binary fractions have: 0.1 + 0.2 is 0.3."""
    return float(f"{number:.15g}") if isinstance(number, float) else number


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 2**63
