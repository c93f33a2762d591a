"""The product types practised here: searched for, defined, and the schema documents that the definitions link to.

https://developer-docs.amazon.com/sp-api/docs/product-type-definitions-api
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from connectors.amazon.marketplaces import Marketplace
from connectors.amazon.practice.product_schemas import CODES, META, TYPES, schema
from connectors.amazon.practice.state import PLACES, Answer, Call, refusal

Json = dict[str, Any]
_GROUPS = {
    "product_identity": ("Product identity", ["item_name", "brand", *CODES]),
    "offer": ("Offer", ["condition_type", "purchasable_offer", "list_price", "fulfillment_availability"]),
    "images": ("Images", ["main_product_image_locator"]),
    "variations": ("Variations", ["parentage_level", "child_parent_sku_relationship", "variation_theme"]),
    "product_details": ("Product details", ["product_description", "bullet_point", "country_of_origin", "material"]),
}


def search(call: Call) -> Answer:
    """searchDefinitionsProductTypes: by the title of an item or by keywords, all for neither."""
    if call.place is None:
        return _BAD
    words = {
        word.strip("s") for word in (call.query.get("itemName") or call.query.get("keywords") or "").lower().split()
    }
    found = [
        {"name": name, "displayName": _label(name, call.place), "marketplaceIds": [call.place.id]}
        for name, kind in TYPES.items()
        if not words or any(word in kind.words.split() or word in name.lower() for word in words)
    ]
    return Answer(200, {"productTypes": found, "productTypeVersion": _version(call.place)})


def definition(call: Call) -> Answer:
    """getDefinitionsProductType: links to the schema, not the schema."""
    (name,) = call.parts
    if call.place is None:
        return _BAD
    if name not in TYPES:
        return refusal(404, "NotFound", f"The product type {name} does not exist.")
    place = call.place
    return Answer(
        200,
        {
            "metaSchema": _link(call, json.dumps(_META_SCHEMA).encode()),
            "schema": _link(call, document(name, place.id)),
            "requirements": call.query.get("requirements", "LISTING"),
            "requirementsEnforced": call.query.get("requirementsEnforced", "ENFORCED"),
            "propertyGroups": {
                group: {"title": title, "description": title, "propertyNames": names}
                for group, (title, names) in _GROUPS.items()
            },
            "locale": place.language,
            "marketplaceIds": [place.id],
            "productType": name,
            "displayName": _label(name, place),
            "productTypeVersion": {"version": _version(place), "latest": True, "releaseCandidate": False},
        },
    )


def document(name: str, marketplace_id: str) -> bytes:
    return json.dumps(schema(name, marketplace_id), ensure_ascii=False).encode()


def find_document(checksum: str) -> bytes | None:
    """The schema document of this checksum."""
    known = [document(name, place.id) for name in TYPES for place in PLACES] + [json.dumps(_META_SCHEMA).encode()]
    return next((one for one in known if _checksum(one) == checksum), None)


def _label(name: str, place: Marketplace) -> str:
    return TYPES[name].japanese if place.country == "JP" else TYPES[name].english


def _version(place: Marketplace) -> str:
    return f"practice-{place.country}-1"


def _link(call: Call, content: bytes) -> Json:
    checksum = _checksum(content)
    return {
        "link": {"resource": f"{call.root}/schemas/{checksum}", "verb": "GET"},
        "checksum": checksum,
    }


def _checksum(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode().rstrip("=")


_META_SCHEMA = {"$schema": "https://json-schema.org/draft/2019-09/schema", "$id": META, "type": "object"}
_BAD = refusal(400, "InvalidInput", "Invalid Input", "marketplaceIds")
