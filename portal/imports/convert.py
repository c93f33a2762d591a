"""A product as a file has it, as the catalog takes it. Pure."""

from __future__ import annotations

from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.imports.mapping import Mapping
from portal.imports.records import ImportedProduct, ImportedVariant
from portal.models.catalog import ProductStatus

# What a variant column is called in the file's mapping, and what the catalog calls it.
_VARIANT_FIELDS = {
    "sku": "sku",
    "barcode": "barcode",
    "price": "price_minor",
    "compare_at": "compare_at_minor",
    "cost": "cost_minor",
    "tracker": "tracked",
    "policy": "sell_when_out",
    "requires_shipping": "requires_shipping",
    "taxable": "taxable",
    "grams": "grams",
    "variant_image": "image_url",
}
_PRODUCT_FIELDS = ("description_html", "vendor", "product_type", "category", "seo_title", "seo_description")


def new_product(product: ImportedProduct, mapping: Mapping) -> NewProduct:
    """What the file says becomes the product's; a known product keeps what the file has no column, or no words, for."""
    given = {name for name in _PRODUCT_FIELDS if name in mapping.fields and getattr(product, name)}
    given |= {"extra"} if product.extra else set()
    given |= {"details"} if product.details else set()
    given |= {"title"} if product.title_given else set()
    given |= {"tags"} if "tags" in mapping.fields and not product.continues else set()
    given |= {"status"} if product.status or product.published is not None else set()
    of_variants = frozenset(ours for column, ours in _VARIANT_FIELDS.items() if column in mapping.fields) | {"extra"}
    return NewProduct(
        handle=product.handle,
        title=product.title,
        description_html=product.description_html,
        vendor=product.vendor,
        product_type=product.product_type,
        category=product.category,
        tags=product.tags,
        status=_status(product),
        option_names=None if product.continues and not product.options else product.options,
        seo_title=product.seo_title,
        seo_description=product.seo_description,
        extra=product.extra,
        details=product.details,
        variants=tuple(_variant(variant, of_variants) for variant in product.variants),
        images=tuple(NewImage(url=image.url, alt=image.alt) for image in product.images),
        given=frozenset(given),
    )


def _variant(variant: ImportedVariant, given: frozenset[str]) -> NewVariant:
    return NewVariant(
        option_values=variant.option_values,
        sku=variant.sku,
        barcode=variant.barcode,
        price_minor=variant.price_minor,
        compare_at_minor=variant.compare_at_minor,
        cost_minor=variant.cost_minor,
        quantity=variant.quantity,
        tracked=variant.tracked,
        sell_when_out=variant.sell_when_out,
        requires_shipping=variant.requires_shipping,
        taxable=variant.taxable,
        grams=variant.grams,
        image_url=variant.image_url,
        extra=variant.extra,
        implied=variant.implied,
        given=given,
    )


def _status(product: ImportedProduct) -> ProductStatus:
    """The file's Status; else its Published, since a product hidden there must not go on sale by being imported."""
    if product.status in set(ProductStatus):
        return ProductStatus(product.status)
    return ProductStatus.DRAFT if product.published is False else ProductStatus.ACTIVE
