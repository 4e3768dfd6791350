"""Read-only browsers over large tables: they never count, never skip rows, and never change anything."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.core.paginator import Paginator
from django.db import connection, models
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.text import capfirst

from apps.core import keyset
from apps.core.admin import panels
from apps.core.admin.base import ChangeList, ModelAdmin
from apps.core.admin.conditions.asked import CONDITION, Asked
from apps.core.admin.conditions.languages import LANGUAGES, Language
from apps.core.admin.shown import NOTHING

BEFORE, AFTER = "before", "after"
EXACT_BELOW = 10_000
Page = tuple[list[Any], bool, bool]  # rows, and whether there are newer and older ones


class CoarseKey(NamedTuple):
    """A column with an index that brings rows nearly into the order of the key, whose first field has none."""

    column: Callable[[], Any]
    of: Callable[[Any], Any]  # what it holds, by the value of the key's first field


class BrowserChangeList(ChangeList):
    """A list that pages by key: the next page begins after the last row of this one, however far back it is.

    `model_admin.keyset` names the fields of the order, which must have an index and end in a unique one; newest first.
    """

    model_admin: Any

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Leave the position and the condition out of the filters."""
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (BEFORE, AFTER, CONDITION)}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Narrow the list by the condition, too; one that is wrong shows nothing but what is wrong."""
        found = super().get_queryset(request, exclude_parameters)
        self.asked = Asked.by(request, self.model_admin.asks_in)
        return self.asked.narrow(found)

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """Order by the key alone: any other order would read the whole table."""
        coarse: CoarseKey | None = self.model_admin.coarse_key
        return [*([coarse.column().desc()] if coarse else []), *(f"-{name}" for name in self.model_admin.keyset)]

    def get_results(self, request: HttpRequest) -> None:
        """Read one page and one row more."""
        size = self.list_per_page
        nothing: Page = ([], False, False)
        page = self.asked.within_time(lambda: self._read_page(request, size), instead=nothing)
        rows, has_newer, has_older = page
        for row in rows:
            self.model_admin.mask(request, row)
        self.model_admin.prepare(request, rows)
        self.result_list = rows
        self.result_count = self.full_result_count = self._count(len(rows))
        self.show_all = self.can_show_all = self.multi_page = False
        self.show_full_result_count = self.show_admin_actions = False
        self.paginator = Paginator(rows, size)
        fields: tuple[str, ...] = self.model_admin.keyset
        self.newer = self._link(AFTER, fields, rows[0]) if rows and has_newer else ""
        self.older = self._link(BEFORE, fields, rows[-1]) if rows and has_older else ""

    @property
    def without_condition(self) -> str:
        """The address of the list without its condition."""
        return str(self.get_query_string(remove=[CONDITION, BEFORE, AFTER]))

    def _read_page(self, request: HttpRequest, size: int) -> Page:
        """Return the rows of a page, and whether there are newer and older ones."""
        after, before = request.GET.get(AFTER), request.GET.get(BEFORE)
        query = self.queryset
        if after:
            rows = list(self._beyond(query, after, "gt").reverse()[: size + 1])
            return rows[:size][::-1], len(rows) > size, True
        rows = list((self._beyond(query, before, "lt") if before else query)[: size + 1])
        return rows[:size], bool(before), len(rows) > size

    def _beyond(self, query: Any, position: str, side: str) -> Any:
        """Narrow to what lies on one side of a position: newer (`gt`) or older (`lt`)."""
        fields: tuple[str, ...] = self.model_admin.keyset
        coarse: CoarseKey | None = self.model_admin.coarse_key
        values = _values(self.model, fields, position)
        if coarse and values:
            query = query.annotate(coarse=coarse.column()).filter(**{f"coarse__{side}e": coarse.of(values[0])})
        return query.filter(keyset.beyond(fields, values, side)) if values else query

    def _count(self, n_shown: int) -> int:
        """Count, unless nobody can wait for it: a condition has no statistics."""
        self.is_counted = True
        if self.asked.error:
            return 0
        is_filtered = bool(self.get_filters_params() or self.query or self.asked.text)
        count = self.asked.counted(lambda: estimated_count(self.queryset, is_filtered=is_filtered))
        self.is_counted = count is not None
        return n_shown if count is None else count

    def _link(self, name: str, fields: tuple[str, ...], row: Any) -> str:
        values = [getattr(row, field) for field in fields]
        position = ",".join(value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values)
        kept = {key: value for key, value in self.params.items() if key not in (BEFORE, AFTER)}
        return "?" + urlencode({**kept, name: position}, doseq=True)


def _values(model: type[models.Model], fields: tuple[str, ...], position: str) -> list[Any]:
    """Read a position; a broken one is none."""
    values = []
    for name, text in zip(fields, position.split(","), strict=False):
        try:
            field: Any = model._meta.get_field(name)
            value = field.to_python(text)
        except Exception:  # noqa: BLE001 - whatever a hand-made address holds
            return []
        if isinstance(value, datetime) and value.tzinfo is None:
            return []
        values.append(value)
    return values if len(values) == len(fields) else []


def estimated_count(queryset: Any, *, is_filtered: bool) -> int:
    """Count up to EXACT_BELOW rows; a larger table without a filter is estimated from the statistics."""
    n_rows: int = queryset.order_by()[: EXACT_BELOW + 1].count()
    if n_rows <= EXACT_BELOW or is_filtered:
        return n_rows
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(greatest(reltuples, 0)) FROM pg_class WHERE oid = %s::regclass "
            "OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = %s::regclass)",
            [queryset.model._meta.db_table] * 2,
        )
        return max(int(cursor.fetchone()[0] or 0), n_rows)


class Browser(ModelAdmin):
    """A list and pages to look at; nothing can be added, changed or deleted.

    Higher apps add to what is there by panels, in the slots that a page names.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    keyset: ClassVar[tuple[str, ...]] = ("id",)
    coarse_key: ClassVar[CoarseKey | None] = None
    sortable_by = ()  # the key is the order
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count the table, once for each choice
    list_per_page = 50
    list_filter_sheet = True
    list_filter_submit = False
    change_list_template = "core/browser.html"
    change_form_template = "core/page.html"
    head_template = ""  # what stands above the sections of a page
    empty_value_display = NOTHING
    empty_list = "Nothing is here yet."
    language: ClassVar[str] = ""  # in which conditions filter the list, where an app declares it
    list_before_template = "core/query_bar.html"
    actions: Any = None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Name the page after what is in it: there is nothing to "select to change"."""
        title = capfirst(self.opts.verbose_name_plural)
        response: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return response

    @property
    def asks_in(self) -> Language | None:
        """The language of the bar above the list."""
        return LANGUAGES.get(self.language)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the sections of the page, with lines and sections that other apps add."""
        own = []
        for title, options in self.fieldsets or ():
            added = [(line.order, line) for line in panels.shown(self.model, title, request)]
            own.append((title, {**options, "fields": panels.in_order(options["fields"], added)}))
        return panels.in_order(own, [*self._sections(request, panels.MAIN), *self._sections(request, panels.SIDE)])

    def _sections(self, request: HttpRequest, column: str) -> list[tuple[int, Any]]:
        found = panels.shown(self.model, column, request)
        return [(each.order, (each.short_description, {"classes": (column,), "fields": (each,)})) for each in found]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Name all fields, those that are computed included."""
        fields: list[Any] = flatten_fieldsets(self.get_fieldsets(request, obj))
        return fields

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, with those that other apps add."""
        added = [(column.order, column) for column in panels.shown(self.model, panels.COLUMNS, request)]
        return panels.in_order(super().get_list_display(request), added)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, with those that other apps add."""
        added = [(each.order, each.panel.content) for each in panels.shown(self.model, panels.FILTERS, request)]
        return panels.in_order(super().get_list_filter(request), added)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that other apps add."""
        added = [page for panel in panels.filling(self.model, panels.PAGES) for page in panel.content(self.admin_site)]
        return [*added, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Add what other apps show above the sections."""
        context["head"] = [each(options["obj"]) for each in panels.shown(self.model, panels.HEAD, request)]
        found: HttpResponse = super().render_change_form(request, context, **options)
        return found

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DjangoChangeList]:
        """Page by key."""
        return BrowserChangeList

    def mask(self, request: HttpRequest, row: Any) -> None:
        """Take out of a row, in memory, what the user may not see; nothing where everybody who sees rows sees all."""

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Read at once what else the rows of a page show, such as the names of people; nothing, mostly."""

    @property
    def media(self) -> Any:
        """Add the scripts of the bar."""
        scripts: Any = (Script("cdp/condition/query.js", type="module"),) if self.asks_in else ()
        return super().media + forms.Media(js=scripts)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find the row of a page, masked."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.mask(request, row)
            self.prepare(request, [row])
        return row

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows come from the pipeline alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
