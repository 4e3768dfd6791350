"""Texts and JSON with `{{ }}`, filled from what a run knows: in a sandbox, escaped for where they go, and bounded.

`{{ profile@traits.name | default("friend") }}`: a reference is written as in conditions, and filters follow it
(text_filters.py). `{% if %}` and `{% for %}` work as in Jinja. What cannot be is refused when a template is compiled,
with its line and character; what a person's data make impossible raises Failure when it is filled.
"""

from apps.core.templating import TemplateError
from apps.flows.templates.channels import CHANNELS
from apps.flows.templates.filling import Text, Value, compile_text, compile_value
from apps.flows.templates.rewriting import ROOTS, Reference

__all__ = ["CHANNELS", "ROOTS", "Reference", "TemplateError", "Text", "Value", "compile_text", "compile_value"]
