"""What a flow does, as people write it: one JSON document, which is read, checked for all mistakes, compiled."""

from apps.flows.definition.awaiting import awaited
from apps.flows.definition.checking import check
from apps.flows.definition.compiled import compile, kept
from apps.flows.definition.hidden_values import masked
from apps.flows.definition.parts import Definition
from apps.flows.definition.problems import Problem, Problems
from apps.flows.definition.shape import read

__all__ = ["Definition", "Problem", "Problems", "awaited", "check", "compile", "kept", "masked", "read"]
