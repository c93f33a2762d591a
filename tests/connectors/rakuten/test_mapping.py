from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ProblemClass
from connectors.rakuten import mapping
from connectors.records import LinkedItem, Money, Observed, PublishItem
from tests.connectors.rakuten.products import LINKS, MUG_KEY, MUG_MARK, mug, plain, yen

SHOP = "demo-shop"
BLUE, SAND = "https://image.rakuten.co.jp/demo-shop/cabinet/mugs/blue.jpg", "https://cdn.example.com/mug-sand.jpg"
LOCATIONS = {BLUE: "/mugs/blue.jpg", SAND: "/crossdock/sand.jpg"}
IDS = {"v-blue": "MUG-BLU", "v-sand": "MUG-SND"}


def there(**changes: Any) -> dict[str, Any]:
    """The mug as the store holds it, with what the merchant set in RMS."""
    item = mapping.full_body(mug(), IDS, locations=LOCATIONS, there=None)
    item |= {"manageNumber": "stoneware-mug", "created": "x", "updated": "y", "layout": {"itemLayoutId": 2}}
    item["variants"]["MUG-BLU"]["shipping"] = {"postageIncluded": True}
    return item | changes


def test_a_product_is_the_item_that_the_reference_shows() -> None:
    assert mapping.full_body(mug(), IDS, locations=LOCATIONS, there=None) == {
        "itemNumber": MUG_MARK,
        "itemType": "NORMAL",
        "unlimitedInventoryFlag": False,
        "title": "Stoneware mug",
        "genreId": "403885",
        "hideItem": False,
        "productDescription": {"pc": "<p>Hand thrown.</p>", "sp": "<p>Hand thrown.</p>"},
        "images": [
            {"type": "CABINET", "location": "/mugs/blue.jpg", "alt": "Blue mug"},
            {"type": "CABINET", "location": "/crossdock/sand.jpg"},
        ],
        "variantSelectors": [
            {"key": "option1", "displayName": "Colour", "values": [{"displayValue": "Blue"}, {"displayValue": "Sand"}]}
        ],
        "variants": {
            "MUG-BLU": {
                "standardPrice": "2400",
                "articleNumber": {"value": "4006381333931"},
                "restockOnCancel": False,
                "attributes": [],
                "selectorValues": {"option1": "Blue"},
                "merchantDefinedSkuId": "MUG-BLU",
                "images": [{"type": "CABINET", "location": "/mugs/blue.jpg"}],
            },
            "MUG-SND": {
                "standardPrice": "2500",
                "articleNumber": {"exemptionReason": 5},
                "restockOnCancel": False,
                "attributes": [],
                "selectorValues": {"option1": "Sand"},
                "merchantDefinedSkuId": "MUG-SND",
            },
        },
    }


def test_a_product_without_options_has_one_sku_and_no_selectors() -> None:
    product = plain()
    body = mapping.full_body(product, {product.variants[0].key: "c"}, locations=LOCATIONS, there=None)
    assert "variantSelectors" not in body
    assert body["variants"] == {
        "c": {
            "standardPrice": "500",
            "articleNumber": {"exemptionReason": 5},
            "restockOnCancel": False,
            "attributes": [],
        }
    }


def test_attributes_are_those_of_every_sku() -> None:
    product = mug(details={"genre_id": "403885", "genre_attributes": "ブランド名: Nordlicht"})
    body = mapping.full_body(product, IDS, locations=LOCATIONS, there=None)
    said = [variant["attributes"] for variant in body["variants"].values()]
    assert said == [[{"name": "ブランド名", "values": ["Nordlicht"]}]] * 2


def test_a_full_write_keeps_what_the_merchant_set_in_rms_and_sends_nothing_read_only() -> None:
    held = there()
    held["variants"]["MUG-BLU"]["attributes"] = [{"name": "ブランド名", "values": ["Theirs"]}]
    held["variants"]["MUG-SND"]["articleNumber"] = {"exemptionReason": 3}
    body = mapping.full_body(mug(title="New", images=()), IDS, locations=LOCATIONS, there=held)
    assert body["title"] == "New"
    assert body["layout"] == {"itemLayoutId": 2}
    assert body["images"] == held["images"][:1], "what the merchant put there stays, what we did goes"
    assert body["variants"]["MUG-BLU"]["shipping"] == {"postageIncluded": True}
    assert body["variants"]["MUG-BLU"]["attributes"] == [{"name": "ブランド名", "values": ["Theirs"]}]
    assert body["variants"]["MUG-SND"]["articleNumber"] == {"exemptionReason": 3}
    assert not {"manageNumber", "created", "updated"} & set(body)


def test_a_barcode_taken_back_is_no_longer_said() -> None:
    blue, sand = mug().variants
    body = mapping.full_body(mug(variants=(replace(blue, barcode=""), sand)), IDS, locations=LOCATIONS, there=there())
    assert body["variants"]["MUG-BLU"]["articleNumber"] == {"exemptionReason": 5}


def test_an_in_store_number_stays_at_home_and_rakuten_hears_that_there_is_no_code() -> None:
    blue, sand = mug().variants
    product = mug(variants=(replace(blue, barcode="2000000000008"), sand))
    body = mapping.full_body(product, IDS, locations=LOCATIONS, there=None)
    assert body["variants"]["MUG-BLU"]["articleNumber"] == {"exemptionReason": 5}


def test_a_set_with_a_code_of_its_own_lists_none_and_a_lone_sku_has_no_image() -> None:
    product = plain(variants=(replace(plain().variants[0], barcode="4006381333931"),))
    held = {"articleNumberForSet": ["x"], "images": [{"location": "/a.jpg"}], "selectorValues": {"c": "x"}, "specs": []}
    body = mapping.full_body(
        product, {product.variants[0].key: "c"}, locations=LOCATIONS, there={"variants": {"c": held}}
    )
    assert set(body["variants"]["c"]) == {"standardPrice", "articleNumber", "restockOnCancel", "attributes", "specs"}


def test_a_variant_whose_options_changed_gets_another_code_and_the_rest_keep_theirs() -> None:
    blue, sand = mug().variants
    moss = mug(variants=(blue, replace(sand, option_values=("Moss",))))
    ids = mapping.chosen_ids(PublishItem(product=moss, channel_id="stoneware-mug", links=LINKS), there())
    assert ids["v-blue"] == "MUG-BLU"
    assert ids["v-sand"] != "MUG-SND"
    assert len(ids["v-sand"]) == 32


def test_a_linked_code_outlives_a_new_sku_unless_it_is_gone_there() -> None:
    blue, sand = mug().variants
    product = mug(variants=(replace(blue, sku="NEW"), sand))
    links = (LINKS[0], LinkedItem(key="v-sand", channel_id="stoneware-mug/GONE", stock_id="stoneware-mug/GONE"))
    ids = mapping.chosen_ids(PublishItem(product=product, channel_id="stoneware-mug", links=links), there())
    assert ids == {"v-blue": "MUG-BLU", "v-sand": "MUG-SND"}


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://image.rakuten.co.jp/demo-shop/cabinet/mugs/blue.jpg", "/mugs/blue.jpg"),
        ("https://image.rakuten.co.jp/other-shop/cabinet/mugs/blue.jpg", ""),
        ("https://image.rakuten.co.jp/demo-shop/cabinets/blue.jpg", ""),
        ("https://cdn.example.com/demo-shop/cabinet/blue.jpg", ""),
        ("", ""),
    ],
)
def test_only_an_image_in_the_shops_own_cabinet_has_a_place_there(url: str, location: str) -> None:
    assert mapping.cabinet_location(url, SHOP) == location


def test_what_is_not_counted_gets_all_the_units_there_can_be() -> None:
    product = plain()
    assert mapping.quantities(product, {product.variants[0].key: "c"}) == {"c": 99_999}
    assert mapping.quantities(mug(), IDS) == {"MUG-BLU": 12, "MUG-SND": 3}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"details": {}}, "genre_missing", "/details/genre_id"),
        ({"details": {"genre_id": " "}}, "genre_missing", "/details/genre_id"),
        (
            {"details": {"genre_id": "403885", "genre_attributes": "?"}},
            "attributes_unreadable",
            "/details/genre_attributes",
        ),
        ({"variants": (replace(mug().variants[0], price=Money(1, "EUR")),)}, "currency_mismatch", "/variants/0/price"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_field(changes: dict[str, Any], code: str, field: str) -> None:
    problem = mapping.unfit(mug(**changes))
    assert problem is not None
    assert (problem.problem_class, problem.code, problem.field) == (ProblemClass.DATA, code, field)
    assert mapping.unfit(mug()) is None


def test_the_merchants_own_item_gets_single_fields_and_keeps_what_we_leave_empty() -> None:
    item = PublishItem(product=mug(description_html=""), channel_id="stoneware-mug", ours=False, links=LINKS[:1])
    assert mapping.linked_body(item, fields=True, variants=True) == {
        "title": "Stoneware mug",
        "variants": {"MUG-BLU": {"standardPrice": "2400", "articleNumber": {"value": "4006381333931"}}},
    }
    assert mapping.linked_body(item, fields=False, variants=False) == {}


def test_fields_of_our_own_item_say_also_what_is_empty_now() -> None:
    product = mug(description_html="", details={"genre_id": "1", "genre_attributes": "a: b"}, active=False)
    assert mapping.fields_body(PublishItem(product=product, channel_id="x", links=LINKS[:1])) == {
        "title": "Stoneware mug",
        "genreId": "1",
        "hideItem": True,
        "productDescription": {"pc": None, "sp": None},
        "variants": {"MUG-BLU": {"attributes": [{"name": "a", "values": ["b"]}]}},
    }


def test_an_item_found_says_whether_it_is_ours() -> None:
    ours = mapping.found(there(), mug(), matched_by="handle", shop=SHOP)
    assert (ours.matched_by, ours.mark, ours.handle) == ("mark", MUG_KEY, "stoneware-mug")
    assert [(one.channel_id, one.sku, one.barcode, one.option_values) for one in ours.items] == [
        ("stoneware-mug/MUG-BLU", "MUG-BLU", "4006381333931", ("Blue",)),
        ("stoneware-mug/MUG-SND", "MUG-SND", "", ("Sand",)),
    ]
    theirs = mapping.found(there(itemNumber="A-1"), mug(), matched_by="sku", shop=SHOP)
    assert (theirs.matched_by, theirs.mark) == ("sku", "")


def test_an_item_is_live_until_it_or_all_of_it_is_in_the_warehouse() -> None:
    stock = {"stoneware-mug/MUG-BLU": 4}
    live = mapping.state("stoneware-mug", there(), stock, shop=SHOP)
    assert live.observed is Observed.LIVE
    assert [(one.quantity, one.price) for one in live.items] == [(4, yen(2400)), (None, yen(2500))]
    assert mapping.state("stoneware-mug", there(hideItem=True), {}, shop=SHOP).observed is Observed.ENDED
    hidden = there()
    hidden["variants"]["MUG-BLU"]["hidden"] = True
    assert mapping.state("stoneware-mug", hidden, {}, shop=SHOP).observed is Observed.LIVE
    hidden["variants"]["MUG-SND"]["hidden"] = True
    assert mapping.state("stoneware-mug", hidden, {}, shop=SHOP).observed is Observed.ENDED
    assert mapping.state("stoneware-mug", None, {}, shop=SHOP).observed is Observed.ENDED
