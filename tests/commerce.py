"""The e-commerce events that the specifications of Segment and RudderStack list, with invented values."""

from typing import Any, Final

_PRODUCT: Final[dict[str, Any]] = {
    "product_id": "P-7",
    "sku": "SOCK-7",
    "category": "Socks",
    "name": "Warm socks",
    "brand": "Knit",
    "variant": "grey",
    "price": 12.5,
    "quantity": 2,
    "coupon": "WOOL",
    "currency": "EUR",
    "position": 3,
    "value": 25,
    "url": "https://shop.example/socks/7",
    "image_url": "https://shop.example/socks/7.jpg",
}
_PRODUCTS: Final = [_PRODUCT, {**_PRODUCT, "product_id": "P-8", "sku": "SOCK-8", "price": 7.25, "quantity": 1}]
_STEP: Final = {"checkout_id": "C-1", "step": 2, "shipping_method": "Post", "payment_method": "Card"}
_ORDER: Final[dict[str, Any]] = {
    "checkout_id": "C-1",
    "order_id": "O-1",
    "affiliation": "Shop on the web",
    "subtotal": 32.25,
    "total": 40.2,
    "revenue": 32.25,
    "shipping": 4.95,
    "tax": 5,
    "discount": 2,
    "coupon": "WOOL",
    "currency": "EUR",
    "products": _PRODUCTS,
}
_COUPON: Final = {"order_id": "O-1", "cart_id": "B-1", "coupon_id": "WOOL"}
_PROMOTION: Final = {"promotion_id": "PR-1", "creative": "banner-top", "name": "Wool week", "position": "home-top"}
_WISHLIST: Final = {"wishlist_id": "W-1", "wishlist_name": "Winter", **_PRODUCT}
_SHARED: Final = {"share_via": "email", "share_message": "Look!", "recipient": "friend@mail.example"}

# In the order in which a customer does all this.
EVENTS: Final[dict[str, dict[str, Any]]] = {
    "Products Searched": {"query": "warm socks"},
    "Product List Viewed": {"list_id": "L-1", "category": "Socks", "products": _PRODUCTS},
    "Product List Filtered": {
        "list_id": "L-1",
        "category": "Socks",
        "filters": [{"type": "colour", "value": "grey"}],
        "sorts": [{"type": "price", "value": "desc"}],
        "products": _PRODUCTS,
    },
    "Promotion Viewed": _PROMOTION,
    "Promotion Clicked": _PROMOTION,
    "Product Clicked": _PRODUCT,
    "Product Viewed": _PRODUCT,
    "Product Added": {"cart_id": "B-1", **_PRODUCT},
    "Product Removed": {"cart_id": "B-1", **_PRODUCT},
    "Cart Viewed": {"cart_id": "B-1", "products": _PRODUCTS},
    "Product Added to Wishlist": _WISHLIST,
    "Product Removed from Wishlist": _WISHLIST,
    "Wishlist Product Added to Cart": {"cart_id": "B-1", **_WISHLIST},
    "Checkout Started": {**_ORDER, "value": 40.2},
    "Checkout Step Viewed": _STEP,
    "Checkout Step Completed": _STEP,
    "Payment Info Entered": {**_STEP, "order_id": "O-1"},
    "Coupon Entered": _COUPON,
    "Coupon Applied": {**_COUPON, "coupon_name": "Wool week", "discount": 2},
    "Coupon Denied": {**_COUPON, "coupon_name": "Wool week", "reason": "used up"},
    "Coupon Removed": {**_COUPON, "coupon_name": "Wool week", "discount": 2},
    "Order Updated": {**_ORDER, "status": "packed"},
    "Order Completed": _ORDER,
    "Order Refunded": {"order_id": "O-1", "total": 12.25, "currency": "EUR", "products": _PRODUCTS[1:]},
    "Order Cancelled": {**_ORDER, "order_id": "O-2"},
    "Product Shared": {**_SHARED, **_PRODUCT},
    "Cart Shared": {**_SHARED, "cart_id": "B-1", "products": _PRODUCTS},
    "Product Reviewed": {"product_id": "P-7", "review_id": "R-1", "review_body": "Warm!", "rating": "5"},
}

_THE_PRODUCT: Final = {
    "id": "P-7",
    **{name: _PRODUCT[name] for name in ("sku", "category", "name", "brand", "variant", "price", "quantity")},
    **{name: _PRODUCT[name] for name in ("coupon", "currency", "position")},
}
_THE_ORDER: Final = {
    "id": "O-1",
    "income": {"value": 32.25, "currency": "EUR"},
    **{name: _ORDER[name] for name in ("affiliation", "subtotal", "total", "shipping", "tax", "discount", "coupon")},
    "products": _PRODUCTS,
}
_THE_STEP: Final = {
    "ec": {"checkout": {"id": "C-1", "step": 2, "shipping_method": "Post"}},
    "payment": {"method": "Card"},
}
_IN_BASKET: Final = {"ec": {"product": _THE_PRODUCT, "basket": {"id": "B-1"}}}
_THE_BASKET: Final = {"id": "B-1", "products": _PRODUCTS}
_THE_PROMOTION: Final = {
    "marketing": {
        "promotion": {"id": "PR-1", "name": "Wool week", "creative": "banner-top", "position": "home-top"},
    }
}
_WISHED: Final = {"ec": {"product": _THE_PRODUCT, "wishlist": {"id": "W-1", "name": "Winter"}}}


def _coupon(**said: Any) -> dict[str, Any]:
    return {"ec": {"order": {"id": "O-1"}, "basket": {"id": "B-1"}, "coupon": {"id": "WOOL", **said}}}


def _order(**said: Any) -> dict[str, Any]:
    return {"ec": {"order": {**_THE_ORDER, **said}, "checkout": {"id": "C-1"}}}


# What is below `data` of the traits of each event, or below `hit`.
TRAITS: Final[dict[str, dict[str, Any]]] = {
    "Products Searched": {"hit": {"query": "warm socks"}},
    "Product List Viewed": {"data": {"ec": {"list": {"id": "L-1"}}}, "hit": {"category": "Socks"}},
    "Product List Filtered": {"data": {"ec": {"list": {"id": "L-1"}}}, "hit": {"category": "Socks"}},
    **{
        name: {"data": data}
        for name, data in {
            "Promotion Viewed": _THE_PROMOTION,
            "Promotion Clicked": _THE_PROMOTION,
            "Product Clicked": {"ec": {"product": _THE_PRODUCT}},
            "Product Viewed": {"ec": {"product": _THE_PRODUCT}},
            "Product Added": _IN_BASKET,
            "Product Removed": _IN_BASKET,
            "Cart Viewed": {"ec": {"basket": _THE_BASKET}},
            "Product Added to Wishlist": _WISHED,
            "Product Removed from Wishlist": _WISHED,
            "Wishlist Product Added to Cart": {"ec": {**_WISHED["ec"], **{"basket": {"id": "B-1"}}}},
            "Checkout Started": {
                "ec": {
                    "order": {"id": "O-1"},
                    "checkout": {
                        "id": "C-1",
                        "status": "started",
                        "affiliation": "Shop on the web",
                        "currency": "EUR",
                        "value": 40.2,
                        "coupon": "WOOL",
                        "products": _PRODUCTS,
                    },
                }
            },
            "Checkout Step Viewed": _THE_STEP,
            "Checkout Step Completed": _THE_STEP,
            "Payment Info Entered": {**_THE_STEP, "ec": {**_THE_STEP["ec"], "order": {"id": "O-1"}}},
            "Coupon Entered": _coupon(),
            "Coupon Applied": _coupon(name="Wool week", discount=2),
            "Coupon Denied": _coupon(name="Wool week", reason="used up"),
            "Coupon Removed": _coupon(name="Wool week", discount=2),
            "Order Updated": _order(status="packed"),
            "Order Completed": _order(status="completed"),
            "Order Refunded": {
                "ec": {
                    "order": {
                        "id": "O-1",
                        "status": "refunded",
                        "refund": {"value": 12.25, "currency": "EUR"},
                        "products": _PRODUCTS[1:],
                    }
                }
            },
            "Order Cancelled": _order(id="O-2", status="cancelled"),
            "Product Shared": {"ec": {"product": _THE_PRODUCT}, "marketing": {"channel": "email"}},
            "Cart Shared": {"ec": {"basket": _THE_BASKET}, "marketing": {"channel": "email"}},
            "Product Reviewed": {"ec": {"product": {"id": "P-7", "review": "Warm!", "rate": "5"}}},
        }.items()
    },
}
