"""Words for Shopify's codes: https://shopify.dev/docs/api/admin-graphql and its error enums (2026-07)."""

from __future__ import annotations

from collections.abc import Mapping

from portal.listings import words_shopify_orders
from portal.listings.wording import (
    LOOKING,
    N_,
    NOTHING_TO_DO,
    OUR_TURN,
    Wording,
    at_channel,
    edit,
    ours,
    reconnect,
    wait,
)

_NEEDED = N_("%(channel)s needs the %(field)s")
_TAKES_ITS_TIME = N_("Nothing to do. We send it again once %(channel)s is done.")
_METAFIELD_BODY = N_("Open the product at %(channel)s, put the custom field right, then try again here.")
_LINKED_BODY = N_("The options of this product are linked to a custom field there. Change them at %(channel)s.")

_ACCESS: Mapping[str, Wording] = {
    "http_401": reconnect(
        N_("%(channel)s no longer accepts our access"),
        N_("This happens when the app was removed or reinstalled. Reconnect with the same shop."),
    ),
    "http_403": reconnect(
        N_("%(channel)s needs your OK for one more permission"), N_("Approve it there; nothing else changes.")
    ),
    "ACCESS_DENIED": reconnect(
        N_("%(channel)s needs your OK for one more permission"), N_("Approve it there; nothing else changes.")
    ),
    "USER_PERMISSIONS_INSUFFICIENT": reconnect(
        N_("The person who connected %(channel)s may not do this"),
        N_("Reconnect as somebody whose staff account may edit products and stock."),
    ),
    "APP_NOT_FOUND": reconnect(
        N_("The app is no longer at this %(channel)s shop"), N_("Reconnect with the same shop if you want it back.")
    ),
    "APP_NOT_INSTALLED": reconnect(
        N_("The app is no longer at this %(channel)s shop"), N_("Reconnect with the same shop if you want it back.")
    ),
    "APP_UNINSTALL_ERROR": wait(N_("%(channel)s had an error of its own"), NOTHING_TO_DO),
    "no_location": at_channel(
        N_("We know no location of this %(channel)s shop to keep stock at"),
        N_("Let the app see locations when you reconnect, or add one in the shop's admin; then test the channel."),
    ),
    "no_publication": at_channel(
        N_("We know no sales channel of this %(channel)s shop to show products in"),
        N_("Let the app see sales channels when you reconnect, or add the Online Store; then test the channel."),
    ),
    "http_402": at_channel(
        N_("This shop is frozen at %(channel)s"),
        N_("Its bill is unpaid. Settle it in the shop's admin, then try again."),
    ),
    "http_404": at_channel(
        N_("%(channel)s doesn't know this shop"), N_("It may have been closed or renamed. Check the shop's admin.")
    ),
    "http_423": at_channel(
        N_("This shop is locked at %(channel)s"), N_("Ask %(channel)s why in the shop's admin, then try again.")
    ),
    "SHOP_INACTIVE": at_channel(
        N_("This shop is not active at %(channel)s"), N_("Reopen it in the shop's admin, then try again.")
    ),
    "http_430": wait(N_("%(channel)s is limiting requests"), NOTHING_TO_DO),
    "THROTTLED": wait(N_("%(channel)s is limiting requests"), NOTHING_TO_DO),
    "INTERNAL_SERVER_ERROR": wait(N_("%(channel)s had an error of its own"), LOOKING),
}

_PRODUCT: Mapping[str, Wording] = {
    "BLANK": edit(N_("A field is empty that %(channel)s needs"), N_("Fill it in."), named=_NEEDED),
    "TOO_LONG": edit(
        N_("A text is longer than %(channel)s takes"),
        N_("Shorten it to 255 characters."),
        named=N_("Too long for %(channel)s: %(field)s"),
    ),
    "TOO_SHORT": edit(
        N_("A text is shorter than %(channel)s takes"),
        N_("Its own message says which."),
        named=N_("Too short for %(channel)s: %(field)s"),
    ),
    "INVALID_INPUT": edit(
        N_("%(channel)s doesn't take one of the values"),
        N_("Its own message says why. Change it, and we send it again."),
        named=N_("%(channel)s doesn't take the %(field)s"),
    ),
    "INVALID_PRODUCT": edit(N_("%(channel)s doesn't take this product as it is"), N_("Its own message says why.")),
    "INVALID_VARIANT": edit(
        N_("%(channel)s doesn't take one of the variants"), N_("Its own message says which value."), "/variants"
    ),
    "DUPLICATED_VALUE": edit(N_("A value is there twice"), N_("Remove one of the two.")),
    "resource_gone": at_channel(
        N_("%(channel)s no longer has this product"),
        N_("It may have been deleted there. Restore it at %(channel)s, or end this listing and publish again."),
    ),
    "NOT_FOUND": at_channel(
        N_("%(channel)s can't find what this listing belongs to"),
        N_("It may have been deleted there. Restore it at %(channel)s, or end this listing and publish again."),
    ),
    "no_product": wait(N_("%(channel)s didn't say what became of the product"), LOOKING),
    "PRODUCT_SUSPENDED": at_channel(
        N_("%(channel)s has suspended this product"),
        N_("Editing it here won't help. Ask %(channel)s for the reason in the shop's admin."),
    ),
    "GIFT_CARDS_NOT_ACTIVATED": at_channel(
        N_("Gift cards are switched off in this shop"), N_("Switch them on in the shop's admin, then try again.")
    ),
    "GIFT_CARD_ATTRIBUTE_CANNOT_BE_CHANGED": at_channel(
        N_("A product can't become a gift card later, or stop being one"),
        N_("Make a new product for it in the shop's admin."),
    ),
    "publication_gone": at_channel(
        N_("The sales channel this shop publishes to is gone"),
        N_("Add the Online Store again in the shop's admin, then try again."),
    ),
    "INVALID_PRODUCT_TAXONOMY_NODE_ID": edit(
        N_("%(channel)s doesn't know this category"), N_("Choose another category."), "/product_type"
    ),
    "ALT_VALUE_LIMIT_EXCEEDED": edit(
        N_("An image's description is too long"), N_("Shorten it to 512 characters."), "/images"
    ),
    "CAPABILITY_VIOLATION": at_channel(
        N_("This kind of product can't be changed this way at %(channel)s"), N_("Its own message says why.")
    ),
}

_OPTIONS: Mapping[str, Wording] = {
    "VARIANT_ALREADY_EXISTS": edit(
        N_("Two variants have the same options"), N_("Change an option value, or remove one variant."), "/variants"
    ),
    "DUPLICATED_OPTION_NAME": edit(N_("Two options have the same name"), N_("Rename one of them."), "/option_names"),
    "DUPLICATED_OPTION_VALUE": edit(
        N_("An option value is there twice"), N_("Rename or remove one of them."), "/variants"
    ),
    "OPTIONS_OVER_LIMIT": edit(N_("Too many options"), N_("%(channel)s takes 3. Remove the others."), "/option_names"),
    "OPTION_VALUES_OVER_LIMIT": edit(N_("Too many values for one option"), N_("Remove some of them."), "/variants"),
    "VARIANTS_OVER_LIMIT": edit(
        N_("Too many variants"), N_("%(channel)s takes 2048. Split the product in two."), "/variants"
    ),
    "MAX_INPUT_SIZE_EXCEEDED": edit(
        N_("This product is larger than %(channel)s takes at once"), N_("Split it into two products."), "/variants"
    ),
    "OPTION_VALUES_MISSING": edit(
        N_("A variant has no value for an option"), N_("Give each variant one value for each option."), "/variants"
    ),
    "NEED_TO_ADD_OPTION_VALUES": edit(
        N_("A variant has no value for an option"), N_("Give each variant one value for each option."), "/variants"
    ),
    "OPTION_DOES_NOT_EXIST": edit(
        N_("%(channel)s has other options for this product"),
        N_("Make the option names the same as there."),
        "/option_names",
    ),
    "OPTION_VALUE_DOES_NOT_EXIST": edit(
        N_("%(channel)s has other option values for this product"),
        N_("Make the option values the same as there."),
        "/variants",
    ),
    "PRODUCT_VARIANT_DOES_NOT_EXIST": at_channel(
        N_("%(channel)s no longer has one of the variants"),
        N_("It may have been deleted there. Add it again at %(channel)s, then try again here."),
    ),
    "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT": ours(
        N_("We sent a variant under the wrong product"), OUR_TURN
    ),
    "OPTION_VALUES_FOR_NUMBER_OF_UNKNOWN_OPTIONS": edit(
        N_("A variant has more option values than the product has options"),
        N_("Give each variant one value for each option."),
        "/variants",
    ),
    "OPTION_VALUE_NAME_TOO_LONG": edit(
        N_("An option value is longer than %(channel)s takes"), N_("Shorten it to 255 characters."), "/variants"
    ),
    "LOCAL_CURRENCY_GIFT_CARD_PRICE_MUST_BE_ZERO": edit(
        N_("This gift card has its amounts at %(channel)s and no price of its own"),
        N_("Set the price to 0."),
        "/variants/price",
    ),
    "GREATER_THAN_OR_EQUAL_TO": edit(N_("A price is below zero"), N_("Change the price."), "/variants/price"),
    "NEGATIVE_PRICE_VALUE": edit(N_("A price is below zero"), N_("Change the price."), "/variants/price"),
    "CANNOT_COMBINE_LINKED_AND_NONLINKED_OPTION_VALUES": at_channel(
        N_("Some option values are linked to a custom field and some are not"), _LINKED_BODY
    ),
    "DUPLICATE_LINKED_OPTION": at_channel(N_("Two options are linked to the same custom field"), _LINKED_BODY),
    "LINKED_METAFIELD_DEFINITION_NOT_FOUND": at_channel(
        N_("An option is linked to a custom field that is gone"), _LINKED_BODY
    ),
    "LINKED_OPTIONS_NOT_SUPPORTED_FOR_SHOP": at_channel(
        N_("This shop can't link options to custom fields"), _LINKED_BODY
    ),
    "INVALID_METAFIELD_VALUE_FOR_LINKED_OPTION": at_channel(
        N_("An option value isn't among those of its custom field"), _LINKED_BODY
    ),
    "DUPLICATED_METAFIELD_VALUE": at_channel(N_("A custom field there has the same value twice"), _METAFIELD_BODY),
    "INVALID_METAFIELD": at_channel(N_("A custom field there doesn't take its value"), _METAFIELD_BODY),
    "NOT_DEFINED_FOR_SHOP": at_channel(N_("This shop doesn't have a feature the product uses"), _METAFIELD_BODY),
    "INVALID_VALUE": at_channel(N_("A custom field there doesn't take its value"), _METAFIELD_BODY),
    "SUBSCRIPTION_VIOLATION": at_channel(
        N_("This shop's plan takes no more variants"),
        N_("Remove some at %(channel)s or change the plan there, then try again here."),
    ),
    "CANNOT_SET_NAME_FOR_LINKED_OPTION_VALUE": at_channel(
        N_("An option value there takes its name from a custom field"), _LINKED_BODY
    ),
    "UNSUPPORTED_COMBINED_LISTING_PARENT_OPERATION": at_channel(
        N_("This product is the head of a combined listing at %(channel)s"),
        N_("Its variants belong to other products. Change those, or take the combined listing apart there."),
    ),
}

_STALE = wait(N_("The stock changed at %(channel)s meanwhile"), N_("Nothing to do. We read it again and compare."))

_STOCK: Mapping[str, Wording] = {
    "INVALID_LOCATION": at_channel(
        N_("The location we keep stock at is gone"), N_("Choose another location under Channels, then try again.")
    ),
    "TRACKED_VARIANT_LOCATION_NOT_FOUND": at_channel(
        N_("The location we keep stock at is gone"), N_("Choose another location under Channels, then try again.")
    ),
    "ITEM_NOT_STOCKED_AT_LOCATION": wait(N_("%(channel)s doesn't stock this item at the location yet"), NOTHING_TO_DO),
    "INVALID_INVENTORY_ITEM": at_channel(
        N_("%(channel)s no longer has one of the variants"),
        N_("It may have been deleted there. Add it again at %(channel)s, then try again here."),
    ),
    "not_an_inventory_item": ours(N_("We sent stock for something that has none"), OUR_TURN),
    "INVALID_QUANTITY_NEGATIVE": edit(N_("The stock is below zero"), N_("Count it again."), "/variants/quantity"),
    "INVALID_QUANTITY_TOO_LOW": edit(
        N_("The stock is below what %(channel)s takes"), N_("Count it again."), "/variants/quantity"
    ),
    "INVALID_QUANTITY_TOO_HIGH": edit(
        N_("The stock is above what %(channel)s takes"),
        N_("It takes up to 1,000,000,000. Count it again."),
        "/variants/quantity",
    ),
    "INVENTORY_QUANTITIES_LIMIT_EXCEEDED": edit(
        N_("Too many stock numbers at once"), N_("Split the product in two."), "/variants"
    ),
    "NON_MUTABLE_INVENTORY_ITEM": at_channel(
        N_("%(channel)s counts the stock of this one itself"),
        N_("It is put together from other products, a bundle for example. Set the stock of its parts."),
    ),
    "CHANGE_FROM_QUANTITY_STALE": _STALE,
    "COMPARE_QUANTITY_STALE": _STALE,
    "already_stocked": wait(N_("%(channel)s stocks this item already"), NOTHING_TO_DO),
}

_BUSY: Mapping[str, Wording] = {
    "GENERIC_ERROR": wait(N_("%(channel)s had an error of its own"), NOTHING_TO_DO),
    "JOB_ERROR": wait(N_("%(channel)s had an error of its own"), NOTHING_TO_DO),
    "operation_in_progress": wait(N_("%(channel)s is still working on this product"), _TAKES_ITS_TIME),
    "IDEMPOTENCY_CONCURRENT_REQUEST": wait(N_("%(channel)s is still working on the same change"), _TAKES_ITS_TIME),
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": wait(N_("%(channel)s gave up on an earlier try"), NOTHING_TO_DO),
    "STALE_OBJECT": wait(N_("The product changed at %(channel)s meanwhile"), N_("Nothing to do. We read it again.")),
}

_IMAGE_AGAIN = N_("Change or remove the image, then publish again. The listing is live without it.")
_NOT_FETCHED = edit(
    N_("%(channel)s couldn't fetch an image"), N_("Check that its address opens in a browser."), "/images"
)
_TOO_LARGE = edit(N_("An image is too large for %(channel)s"), N_("Make it smaller, then publish again."), "/images")
_OTHER_MEDIA = at_channel(
    N_("A video or 3D model at %(channel)s can't be shown"), N_("It was added there. Change or remove it there.")
)

# What became of the files of a listing that is live.
_MEDIA: Mapping[str, Wording] = {
    "IMAGE_DOWNLOAD_FAILURE": _NOT_FETCHED,
    "GENERIC_FILE_DOWNLOAD_FAILURE": _NOT_FETCHED,
    "GENERIC_FILE_INVALID_SIZE": _TOO_LARGE,
    "INVALID_IMAGE_FILE_SIZE": _TOO_LARGE,
    "INVALID_IMAGE_RESOLUTION": _TOO_LARGE,
    "INVALID_IMAGE_ASPECT_RATIO": edit(N_("An image is too long or too wide"), _IMAGE_AGAIN, "/images"),
    "IMAGE_PROCESSING_FAILURE": edit(N_("%(channel)s couldn't read an image"), _IMAGE_AGAIN, "/images"),
    "UNSUPPORTED_IMAGE_FILE_TYPE": edit(
        N_("%(channel)s doesn't take this kind of image"), N_("Use a JPEG or a PNG."), "/images"
    ),
    "DUPLICATE_FILENAME_ERROR": edit(N_("Two images have the same file name"), N_("Rename one of them."), "/images"),
    "UNKNOWN": edit(N_("%(channel)s couldn't use an image"), _IMAGE_AGAIN, "/images"),
    "media_failed": edit(N_("%(channel)s couldn't use an image"), _IMAGE_AGAIN, "/images"),
    "FILE_STORAGE_LIMIT_EXCEEDED": at_channel(
        N_("This shop has no room for more files"), N_("Delete files in the shop's admin, then try again.")
    ),
    "MEDIA_TIMEOUT_ERROR": wait(N_("%(channel)s is still working on an image"), _TAKES_ITS_TIME),
    **dict.fromkeys(
        (
            "EXTERNAL_VIDEO_EMBED_DISABLED EXTERNAL_VIDEO_EMBED_NOT_FOUND_OR_TRANSCODING"
            " EXTERNAL_VIDEO_INVALID_ASPECT_RATIO EXTERNAL_VIDEO_NOT_FOUND EXTERNAL_VIDEO_UNLISTED"
            " MODEL3D_GLB_OUTPUT_CREATION_ERROR MODEL3D_GLB_TO_USDZ_CONVERSION_ERROR MODEL3D_PROCESSING_FAILURE"
            " MODEL3D_THUMBNAIL_GENERATION_ERROR MODEL3D_THUMBNAIL_REGENERATION_ERROR MODEL3D_VALIDATION_ERROR"
            " VIDEO_INVALID_FILETYPE_ERROR VIDEO_MAX_DURATION_ERROR VIDEO_MAX_HEIGHT_ERROR VIDEO_MAX_WIDTH_ERROR"
            " VIDEO_METADATA_READ_ERROR VIDEO_MIN_DURATION_ERROR VIDEO_MIN_HEIGHT_ERROR VIDEO_MIN_WIDTH_ERROR"
            " VIDEO_VALIDATION_ERROR"
        ).split(),
        _OTHER_MEDIA,
    ),
}

# Requests we should not have made. The merchant can do nothing about these, so one wording serves all.
_OUR_CODES = (
    "already_taken address_refused argumentLiteralsIncompatible argumentNotAccepted BAD_REQUEST CANNOT_SPECIFY_BOTH"
    " COMPARE_QUANTITY_REQUIRED directiveCannotBeApplied http_400 IDEMPOTENCY_KEY_PARAMETER_MISMATCH ID_NOT_ALLOWED"
    " INPUT_MISMATCH INTERNAL_LEDGER_DOCUMENT INVALID_AVAILABLE_DOCUMENT INVALID_FIELD_ARGUMENTS INVALID_NAME"
    " INVALID_QUANTITY_DOCUMENT INVALID_REASON INVALID_REFERENCE_DOCUMENT INVALID_SIGNED_URL INVALID_VARIABLE"
    " MAX_COST_EXCEEDED MISSING_FIELD_REQUIRED MUST_BE_FOR_THIS_PRODUCT MUST_SPECIFY_ONE_OF_PAIR"
    " MAX_ONE_LEDGER_DOCUMENT METAFIELD_MISMATCH missingRequiredArguments missingRequiredInputObjectAttribute"
    " NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR NO_INVENTORY_QUANTITES_DURING_UPDATE"
    " NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE PRODUCT_OPTIONS_INPUT_MISSING PRODUCT_VARIANT_ID_MISSING"
    " rejected_request RESOURCE_NOT_FOUND undefinedField VARIANTS_INPUT_MISSING"
).split()
_OUR_REQUEST = ours(N_("%(channel)s couldn't read our request"), OUR_TURN)

WORDINGS: Mapping[str, Wording] = {
    **_ACCESS,
    **_PRODUCT,
    **_OPTIONS,
    **_STOCK,
    **_MEDIA,
    **_BUSY,
    **words_shopify_orders.WORDINGS,
    **dict.fromkeys(_OUR_CODES, _OUR_REQUEST),
}
