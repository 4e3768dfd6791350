"""Small charts of segments as SVG: they need no script, and follow light and dark."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.shown import NOTHING
from apps.segments.counting import Day

WIDTH, HEIGHT = 724, 170
SPARK_WIDTH, SPARK_HEIGHT = 96, 24


def sparkline(sizes: Sequence[int]) -> SafeString:
    """Draw how a number went, the oldest first."""
    if len(sizes) < 2:
        return NOTHING
    points = _points(list(enumerate(sizes)), len(sizes), SPARK_WIDTH, SPARK_HEIGHT - 8, low=min(sizes))
    return format_html(
        '<svg class="cdp-spark" width="{}" height="{}" role="img" aria-label="{}"><title>{}</title>'
        '<polyline points="{}"/></svg>',
        SPARK_WIDTH,
        SPARK_HEIGHT,
        f"From {sizes[0]:,} to {sizes[-1]:,}",
        f"From {sizes[0]:,} to {sizes[-1]:,}",
        points,
    )


def growth_chart(days: Sequence[Day]) -> SafeString:
    """Draw the size as a line, and below it who entered and left on each day."""
    sizes = [(number, day.size) for number, day in enumerate(days) if day.size is not None]
    if not sizes and not any(day.entered or day.left for day in days):
        return NOTHING
    most_moved = max(1, *(max(day.entered, day.left) for day in days))
    step = WIDTH / max(len(days), 1)
    bars = format_html_join(
        "", "{}", ((_bars(day, number * step, step, most_moved),) for number, day in enumerate(days))
    )
    line, latest = "", "0"
    if sizes:
        points = _points(sizes, len(days), WIDTH - 5, 100, low=0)
        x, y = points.rpartition(" ")[2].split(",")
        line = format_html('<polyline points="{}"/><circle cx="{}" cy="{}" r="4"/>', points, x, y)
        latest = f"{sizes[-1][1]:,}"
    return format_html(
        '<svg class="cdp-growth" viewBox="0 0 {} {}" role="img" aria-label="Growth">{}{}'
        '<line x1="0" x2="{}" y1="140" y2="140"/></svg>'
        '<div class="cdp-axis"><span>{}</span><span><i class="cdp-key-size"></i> size, {} now '
        '<i class="cdp-key-in"></i> entered <i class="cdp-key-out"></i> left</span><span>{}</span></div>',
        WIDTH,
        HEIGHT,
        line,
        bars,
        WIDTH,
        days[0].day,
        latest,
        days[-1].day,
    )


def _bars(day: Day, x: float, step: float, most: int) -> SafeString:
    up, down = 28 * day.entered / most, 28 * day.left / most
    width = max(step - 2, 1)
    size = "" if day.size is None else f", {day.size:,} in it"
    return format_html(
        "<g><title>{}: {} entered, {} left{}</title>"
        '<rect class="cdp-in" x="{}" y="{}" width="{}" height="{}"/>'
        '<rect class="cdp-out" x="{}" y="140" width="{}" height="{}"/></g>',
        *(day.day, f"{day.entered:,}", f"{day.left:,}", size),
        *map(_pixels, (x, 140 - up, width, up)),
        *map(_pixels, (x, width, down)),
    )


def _pixels(number: float) -> str:
    return f"{number:.1f}"


def _points(values: Sequence[tuple[int, int | None]], n_steps: int, width: float, height: float, *, low: int) -> str:
    known = [(number, value) for number, value in values if value is not None]
    span = max(max(value for _, value in known) - low, 1)
    across = width / max(n_steps - 1, 1)
    return " ".join(
        f"{number * across:.1f},{4 + height - height * (value - low) / span:.1f}" for number, value in known
    )
