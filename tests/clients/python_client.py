"""A person's story as the Python SDKs of Segment and RudderStack tell it: python_client.py PACKAGE ADDRESS KEY NAME."""

import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module

package, address, key, name = sys.argv[1:]
user, device = f"{name}-user", f"{name}-device"
times = (datetime(2024, 2, 29, 10, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(10))


def fail(error: Exception, items: list[object]) -> None:
    print(error, file=sys.stderr)


client = import_module(f"{package}.analytics").Client(key, host=address, gzip=True, on_error=fail)
page = {"url": "https://shop.example/vinyl", "title": "Vinyl"}
client.page(anonymous_id=device, name="Vinyl", properties=page, timestamp=next(times))
client.track(anonymous_id=device, event="Product Viewed", properties={"sku": "kind-of-blue"}, timestamp=next(times))
traits = {"email": f"{name}@example.com", "firstName": "Anna", "plan": "pro"}
client.identify(user, traits, anonymous_id=device, timestamp=next(times))
client.track(user, "Order Completed", {"order_id": "O-17", "value": 24.9}, timestamp=next(times))
client.screen(user, name="Orders", timestamp=next(times))
client.group(user, "acme", {"name": "Acme"}, timestamp=next(times))
client.alias(f"{name}-old-number", user, timestamp=next(times))
client.shutdown()
