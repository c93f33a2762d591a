"""Product records to Yahoo!'s parameters and Yahoo!'s answers to records. Pure: no network, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from connectors import gtin, measures
from connectors.errors import Problem, ProblemClass
from connectors.records import (
    Aspect,
    Found,
    FoundItem,
    LinkedItem,
    ListingState,
    Money,
    Observed,
    ObservedItem,
    PriceChange,
    ProductRecord,
    Published,
    PublishItem,
    StockChange,
    VariantRecord,
)
from connectors.yahoo import answers, codes
from connectors.yahoo.answers import Element

CURRENCY = "JPY"
DETAILS = ("product_category", "path")
# https://developer.yahoo.co.jp/webapi/shopping/editItem.html
MOST_SUBCODES = 100
MOST_OPTIONS = 2
META_DESC_WIDTHS = 80
# Yahoo! writes options and their values into one text, joined by these.
SEPARATORS = frozenset("#|,:=")
# editItem takes only pictures that Yahoo! holds already; it serves those of items and of the library from these.
LIBRARY_HOSTS = frozenset({"item-shopping.c.yimg.jp", "shopping.c.yimg.jp"})


# ---- what Yahoo! could not even read ----


def unreadable(product: ProductRecord) -> Problem | None:
    """What keeps the product from being sent at all: a detail that is missing, an option no text could carry."""
    for name in DETAILS:
        if not product.details.get(name, "").strip():
            return _data("detail_missing", f"/details/{name}")
    if len(product.option_names) > MOST_OPTIONS:
        return _data("too_many_options", "/option_names")
    for number, name in enumerate(product.option_names):
        if not _fits(name):
            return _data("option_characters", f"/option_names/{number}")
    for number, variant in enumerate(product.variants):
        if len(variant.option_values) != len(product.option_names) or not all(map(_fits, variant.option_values)):
            return _data("option_characters", f"/variants/{number}/option_values")
    return None


def _data(code: str, field: str) -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code=code, field=field)


def _fits(text: str) -> bool:
    return bool(text.strip()) and SEPARATORS.isdisjoint(text)


def currencies(product: ProductRecord) -> set[str]:
    """Every currency a price that is sent is in."""
    return {variant.price.currency for variant in product.variants}


# ---- products out ----


def edit_item(
    product: ProductRecord, *, code: str, subcodes: Sequence[str], image_urls: Sequence[str]
) -> dict[str, str]:
    """Parameters of editItem, which replaces the whole item: what is left out falls back to Yahoo!'s defaults.

    `image_urls` are pictures that Yahoo! holds. Without any it shows those whose files are named after the item.
    """
    fields = {
        "item_code": code,
        "path": product.details["path"],
        "name": product.title,
        "product_category": product.details["product_category"],
        "price": str(_highest(product.variants)),
        "display": "1" if product.active else "0",
        "caption": product.description_html,
        "meta_desc": _meta_desc(product),
        "jan": _jan(product.variants[0].barcode) if not product.option_names else "",
        "item_image_urls": ";".join(image_urls),
        **_variations(product, subcodes),
    }
    return {name: value for name, value in fields.items() if value}


def _jan(barcode: str) -> str:
    """A JAN has 13 digits, or 8 (JIS X 0507); a UPC is one with a zero in front. In-store numbers stay at home."""
    return gtin.in_thirteen(barcode) if gtin.for_marketplaces(barcode) else ""


def _highest(variants: Sequence[VariantRecord]) -> int:
    """The highest price of the variants: Yahoo! would put it over the item's own anyway."""
    return max(variant.price.minor for variant in variants)


def _meta_desc(product: ProductRecord) -> str:
    """The search text where it fits. Other channels take far longer ones; a cut one would say what nobody wrote."""
    text = product.seo_description
    return text if measures.size(text, "full_widths") <= META_DESC_WIDTHS else ""


def library_urls(product: ProductRecord) -> list[str]:
    """The addresses of the product's images that Yahoo! holds already, in order."""
    return [image.url for image in product.images if _in_library(image.url)]


def _in_library(url: str) -> bool:
    try:
        return urlsplit(url).hostname in LIBRARY_HOSTS
    except ValueError:
        return False


def _variations(product: ProductRecord, subcodes: Sequence[str]) -> dict[str, str]:
    if not product.option_names:
        return {}
    axes = [
        f"{name}#{','.join(dict.fromkeys(variant.option_values[position] for variant in product.variants))}"
        for position, name in enumerate(product.option_names)
    ]
    pairs = list(zip(product.variants, subcodes, strict=True))
    return {
        "options": "|".join(axes),
        "subcodes": "|".join(f"{_chosen(product, variant)}={code}" for variant, code in pairs),
        "subcode_param": "|".join(f"{code}=price:{variant.price.minor}" for variant, code in pairs),
    }


def _chosen(product: ProductRecord, variant: VariantRecord) -> str:
    """ "Colour:Blue", and with a second option "Colour:Blue#Size:M"; how two are joined is unsure."""
    return "#".join(f"{name}:{value}" for name, value in zip(product.option_names, variant.option_values, strict=True))


def published(product: ProductRecord, *, code: str, subcodes: Sequence[str], seller_id: str) -> Published:
    """What Yahoo! holds after the item was accepted."""
    own = list(subcodes) or [""] * len(product.variants)
    return Published(
        channel_id=code,
        handle=code,
        url=page_url(seller_id, code),
        links=tuple(
            _link(variant.key, codes.joined(code, sub)) for variant, sub in zip(product.variants, own, strict=True)
        ),
    )


def _link(key: str, named: str) -> LinkedItem:
    return LinkedItem(key=key, channel_id=named, stock_id=named)


def page_url(seller_id: str, code: str) -> str:
    """Where buyers see the item."""
    return f"https://store.shopping.yahoo.co.jp/{seller_id}/{code.lower()}.html"


# ---- single fields ----


def row(fields: Mapping[str, str]) -> str:
    """One item of updateItems: a query string, which the form around it encodes once more."""
    return urlencode(fields, errors="replace")


def changed_fields(item: PublishItem, *, activate: bool) -> dict[str, str]:
    """What a linked item is told of our record: what is empty in it stays the merchant's own.

    `activate` also shows it to buyers, where our record is active.
    Which parameters updateItems takes beyond name and prices is unsure; these are editItem's names for them.
    """
    product = item.product
    fields: dict[str, str] = {}
    if Aspect.FIELDS in item.changed:
        texts = {"name": product.title, "caption": product.description_html, "meta_desc": _meta_desc(product)}
        fields |= {name: text for name, text in texts.items() if text}
    if item.changed & {Aspect.VARIANTS, Aspect.SHAPE}:
        named = {link.key: link.channel_id for link in item.links}
        prices = {named[one.key]: one.price.minor for one in product.variants if one.key in named}
        fields |= _prices(prices)
    if activate and product.active:
        fields["display"] = "1"
    return {"item_code": item.channel_id, **fields} if fields else {}


def price_fields(change: PriceChange) -> dict[str, str]:
    prices = {channel_id: price.minor for _key, channel_id, price, _was in change.prices}
    return {"item_code": change.listing_channel_id, **_prices(prices)}


def _prices(prices: Mapping[str, int]) -> dict[str, str]:
    """Prices by the variant's name. That updateItems takes subcode_param as editItem does is unsure.

    A price goes with a sale price, and an empty one ends the sale: else buyers would go on paying the old sale price.
    """
    if not prices:
        return {}
    own = {codes.subcode_of(channel_id): minor for channel_id, minor in prices.items()}
    param = "|".join(f"{subcode}=price:{minor}" for subcode, minor in own.items() if subcode)
    return {"price": str(max(own.values())), "sale_price": "", **({"subcode_param": param} if param else {})}


# ---- stock ----


def set_stock(quantities: Mapping[str, int]) -> dict[str, str]:
    """Parameters of setStock: absolute numbers, which a repetition does not change."""
    return {"item_code": ",".join(quantities), "quantity": ",".join(map(str, quantities.values()))}


def first_quantities(product: ProductRecord, links: Sequence[LinkedItem]) -> dict[str, int]:
    """What a product that was just made has to sell, by stock id."""
    at = {link.key: link.stock_id for link in links}
    return {at[one.key]: max(0, one.quantity) for one in product.variants if one.quantity is not None}


def quantities(changes: Sequence[StockChange]) -> dict[str, int]:
    """The number to set for each stock id; Yahoo! refuses a call that names one twice, so the later one is sent."""
    return {change.stock_id: change.quantity for change in changes}


def stock_rows(root: Element) -> dict[str, Element]:
    """The rows of a stock answer by what they are about."""
    return {
        codes.joined(answers.text(one, "ItemCode"), answers.text(one, "SubCode")): one for one in answers.results(root)
    }


# ---- products in ----


def found(
    item: Element, *, code: str, matched_by: str, mark: str, seller_id: str, rows: Mapping[str, Element]
) -> Found:
    """An item that is there, with the variants its stock rows name."""
    return Found(
        channel_id=code,
        handle=code,
        title=answers.text(item, "Name"),
        matched_by=matched_by,
        mark=mark,
        url=page_url(seller_id, code),
        items=tuple(
            FoundItem(channel_id=named, stock_id=named, sku=codes.subcode_of(named) or code)
            for named in _names_of(code, rows)
        ),
    )


def state(
    code: str, item: Element | None, *, rows: Mapping[str, Element], waiting: frozenset[str], seller_id: str
) -> ListingState:
    """The item as Yahoo! shows it: `waiting` are the codes whose edits are not published yet."""
    if item is None:
        return ListingState(channel_id=code, observed=Observed.ENDED)
    items = tuple(
        ObservedItem(channel_id=named, quantity=_quantity(rows.get(named)), price=_price(item, named))
        for named in _names_of(code, rows)
    )
    return ListingState(
        channel_id=code, observed=_observed(code, item, waiting), url=page_url(seller_id, code), items=items
    )


def _observed(code: str, item: Element, waiting: frozenset[str]) -> Observed:
    """Pending before anything else: what is shown then is what was published before."""
    if code in waiting:
        return Observed.PENDING
    return Observed.ENDED if answers.text(item, "Display") == "0" else Observed.LIVE


def _names_of(code: str, rows: Mapping[str, Element]) -> list[str]:
    """The item's variants as its stock rows name them, itself where they name none."""
    below = [named for named in rows if named.startswith(f"{code}:")]
    return below or [code]


def _quantity(stock_row: Element | None) -> int | None:
    """Units to sell; None where Yahoo! keeps no stock of it (Status 1 says that it does)."""
    if stock_row is None or answers.text(stock_row, "Status") != "1":
        return None
    text = answers.text(stock_row, "Quantity")
    return int(text) if text.removeprefix("-").isdecimal() else None


def _price(item: Element, named: str) -> Money | None:
    """The item's price. What a variant costs is not told in any answer known here."""
    text = answers.text(item, "Price")
    return Money(int(text), CURRENCY) if text.isdecimal() and not codes.subcode_of(named) else None


def codes_in(root: Element) -> frozenset[str]:
    """Every item code the answer names."""
    return frozenset(answers.text(one, ".") for one in root.iter("ItemCode"))
