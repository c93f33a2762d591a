"""The editor's text as values, or one sentence for each field that cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from portal.catalog import descriptions, details, typed
from portal.catalog.sheets import OPTIONS, Sheet
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.catalog import ProductStatus

LONGEST_WORD: Final = 255
LONGEST_TITLE: Final = 1000
LONGEST_TEXT: Final = 500_000
LONGEST_URL: Final = 2048
MOST_IMAGES: Final = 250

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEdit:
    """`id` is None for a row that is new."""

    id: UUID | None
    option_values: tuple[str, ...]
    sku: str
    barcode: str
    price_minor: int
    compare_at_minor: int | None
    cost_minor: int | None
    grams: int | None
    tracked: bool
    sell_when_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEdit:
    id: UUID | None
    url: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEdit:
    """A product as the editor wants it: every field, every variant that stays, every image in its order."""

    title: str
    description_html: str
    vendor: str
    product_type: str
    category: str
    tags: tuple[str, ...]
    status: ProductStatus
    option_names: tuple[str, ...]
    seo_title: str
    seo_description: str
    details: dict[str, str]
    variants: tuple[VariantEdit, ...]
    images: tuple[ImageEdit, ...]


@dataclass(slots=True)
class _Errors:
    """`found` maps a control's name to its first sentence."""

    found: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, sentence: str) -> None:
        self.found.setdefault(name, sentence)

    def read(self, name: str, reader: Callable[[str], T], text: str, otherwise: T) -> T:
        try:
            return reader(text)
        except ValueError as error:
            self.add(name, str(error))
            return otherwise


def parse(sheet: Sheet, currency: str) -> ProductEdit:
    """What the form asks for. Raises FormInvalid with every sentence at once, by the control's name."""
    errors = _Errors()
    values = {name: text.strip() for name, text in sheet.values.items()}
    if not values["title"]:
        errors.add("title", _("Enter a title."))
    _check_lengths(values, errors)
    names = [values[name] for name in OPTIONS]
    kept = {key: row for key, row in sheet.variants.items() if not row["remove"]}
    _check_options(names, kept, errors)
    variants = tuple(_variant(key, row, names, currency, errors) for key, row in kept.items())
    images = tuple(_images(sheet, errors))
    status = errors.read("status", ProductStatus, values["status"], ProductStatus.ACTIVE)
    if errors.found:
        raise FormInvalid(errors.found)
    return ProductEdit(
        title=values["title"],
        description_html=descriptions.clean(sheet.values["description_html"]),
        vendor=values["vendor"],
        product_type=values["product_type"],
        category=values["category"],
        tags=typed.words(values["tags"]),
        status=status,
        option_names=tuple(name for name in names if name),
        seo_title=values["seo_title"],
        seo_description=values["seo_description"],
        details={name: values[name] for name in details.NAMES if values[name]},
        variants=variants,
        images=images,
    )


def _check_lengths(values: dict[str, str], errors: _Errors) -> None:
    longest = {"title": LONGEST_TITLE, "vendor": LONGEST_WORD, "product_type": LONGEST_WORD, "seo_title": LONGEST_TITLE}
    longest |= dict.fromkeys(OPTIONS, LONGEST_WORD)
    for name, text in values.items():
        _check_length(name, text, longest.get(name, LONGEST_TEXT), errors)


def _check_length(name: str, text: str, longest: int, errors: _Errors) -> None:
    if len(text) > longest:
        errors.add(name, _("Use at most {count} characters.").format(count=longest))


def _check_options(names: list[str], rows: dict[str, dict[str, str]], errors: _Errors) -> None:
    """Options are named apart, and tell every variant from every other."""
    named = [name for name in names if name]
    for at, name in enumerate(names):
        if name and name.casefold() in {other.casefold() for other in names[:at]}:
            errors.add(OPTIONS[at], _("Give each option a name of its own."))
    if not rows:
        errors.add("option-1", _("Keep at least one variant."))
    if not named and len(rows) > 1:
        errors.add("option-1", _("Name an option, such as Size, to have more than one variant."))
    taken: set[tuple[str, ...]] = set()
    for key, row in rows.items():
        values = _option_values(row, names)
        blank = next(
            (option for option, name in zip(OPTIONS, names, strict=True) if name and not row[option].strip()), ""
        )
        first = next((option for option, name in zip(OPTIONS, names, strict=True) if name), "")
        if blank:
            errors.add(f"variant-{key}-{blank}", _("Enter what this variant is."))
        elif named and values in taken:
            errors.add(f"variant-{key}-{first}", _("Another variant is this already. Change one of them."))
        taken.add(values)


def _option_values(row: dict[str, str], names: list[str]) -> tuple[str, ...]:
    return tuple(row[option].strip() for option, name in zip(OPTIONS, names, strict=True) if name)


def _variant(key: str, row: dict[str, str], names: list[str], currency: str, errors: _Errors) -> VariantEdit:
    at = f"variant-{key}"

    def amount(text: str) -> int:
        return typed.amount(text, currency)

    def optional(name: str, reader: Callable[[str], int]) -> int | None:
        return errors.read(f"{at}-{name}", reader, row[name], 0) if row[name].strip() else None

    if not row["price"].strip():
        errors.add(f"{at}-price", _("Enter a price."))
    for name in ("sku", "barcode", *OPTIONS):
        _check_length(f"{at}-{name}", row[name], LONGEST_WORD, errors)
    return VariantEdit(
        id=_id(key),
        option_values=_option_values(row, names),
        sku=typed.half_width(row["sku"]),
        barcode=typed.barcode(row["barcode"]),
        price_minor=optional("price", amount) or 0,
        compare_at_minor=optional("compare_at", amount),
        cost_minor=optional("cost", amount),
        grams=optional("grams", typed.grams),
        tracked=bool(row["tracked"]),
        sell_when_out=bool(row["sell_when_out"]),
    )


def _images(sheet: Sheet, errors: _Errors) -> list[ImageEdit]:
    """An image line without an address is no image: that is how one is taken away."""
    found = []
    for line in sheet.images:
        url = line.url.strip()
        if not url:
            continue
        name = f"image-{line.key}-url"
        if not _is_web_address(url) or len(url) > LONGEST_URL:
            errors.add(name, _("Put the image online and paste its address, beginning with https://."))
        found.append(ImageEdit(id=_id(line.key), url=url, alt=line.alt.strip()[:LONGEST_TITLE]))
    if len(found) > MOST_IMAGES:
        errors.add(f"image-{sheet.images[-1].key}-url", _("Use at most {count} images.").format(count=MOST_IMAGES))
    return found


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(letter.isspace() for letter in url)


def _id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
