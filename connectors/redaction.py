"""What is kept of an exchange for support: structure and ids stay, secrets and buyers' data never get in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

MASK = "***"
KEPT_CHARACTERS = 65_536

# Compared with a key in lower case without separators, so one entry serves camelCase, snake_case and kebab-case.
_SECRET_PARTS = tuple(
    "accesstoken refreshtoken idtoken sessiontoken subjecttoken authtoken secret password passwd passphrase "
    "authorization apikey licensekey privatekey signature hmac cookie cardnumber".split()
)
_PERSONAL_KEYS = frozenset(
    "email mail emailaddress phone phonenumber phonenumber1 phonenumber2 phonenumber3 tel telephone fax mobile "
    "firstname lastname fullname familyname givenname middlename firstnamekana lastnamekana familynamekana "
    "address address1 address2 address3 addressline1 addressline2 addressline3 street street1 street2 subaddress "
    "city town zip zipcode zipcode1 zipcode2 postalcode postcode prefecture province stateorregion county company "
    "latitude longitude birthday birthdate ipaddress clientip browserip username buyername buyeremail "
    "note staffnote "
    # Rakuten's orders: notes, what was typed for an engraving, who pays, and what a search may look for.
    "remarks memo mailplugsentence noshi selectedchoice dropofflocation operator cardowner cardym cardname "
    "orderermailaddress receiveremailaddress searchkeyword".split()
)
# Yahoo! Shopping has whose it is in the name: https://developer.yahoo.co.jp/webapi/shopping/orderInfo.html
_OF_WHOM = (
    "firstname firstnamekana lastname lastnamekana zipcode prefecture prefecturekana city citykana address1 "
    "address1kana address2 address2kana phonenumber emgphonenumber mailaddress section1value section2value"
).split()
_PERSONAL_KEYS |= {f"{whose}{name}" for whose in ("bill", "ship") for name in _OF_WHOM}
_PERSONAL_KEYS |= set(
    "buyercomments sellercomments notes cancelreasondetail shipnotes paynotes giftwrapname giftwrapmessage "
    "cardholdername cardbirthday".split()
)
_PERSONAL_CONTAINERS = frozenset(
    "customer buyer buyerinfo orderer orderermodel recipient recipientaddress sender sendermodel consignee "
    "deliverycvsmodel billing billto shipto shippingdetail payer taxpayer customattributes noteattributes".split()
)
# Inside a person's record nearly everything is personal; these say which record or which country it is.
_KEPT_OF_A_PERSON = frozenset("typename country countrycode countrycodev2 currency currencycode locale".split())
# Amazon's orders, where they stand outside of the buyer's record: https://github.com/amzn/selling-partner-api-models
_PERSONAL_KEYS |= set("giftmessage legalname taxregistrationnumber customizedurl addressinstruction".split())

_SECRET_QUERY_KEYS = frozenset("code state token".split())
# Every repetition is bounded where a match could begin anywhere: a megabyte of letters must not take a minute.
_VALUE_PATTERNS = (
    re.compile(r"\bshp[a-z]{2}_[0-9A-Za-z_-]+"),
    re.compile(r"(?i)\b(?:bearer|basic)\s{1,8}[0-9A-Za-z._~+/=-]{8,}"),
    re.compile(r"(?<![\w+])\+\d[\d ()-]{7,24}\d"),
    re.compile(r"(?<![\w-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\w-])"),
)
_MAIL = re.compile(r"[^\s@<>\"'(),:;=&/]{1,64}@[^\s@<>\"'(),:;=&/]{1,253}\.[^\s@<>\"'(),:;=&/]{2,63}")
_CARD = re.compile(r"(?<![\w/.-])[3-6]\d{3}(?:[ -]?\d){11,15}(?![\w-])")


def mask_body(content_type: str, body: bytes, *, secrets: Iterable[str]) -> str:
    """The body as text with every secret and every buyer's datum replaced by MASK.

    `secrets` are values known to be in this very exchange; they are masked wherever they appear.
    A body that is neither JSON nor a form cannot be masked surely, so only its size and type are kept.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return ""
    if kind == "application/x-www-form-urlencoded":
        masked = _mask_query(body.decode("utf-8", "replace"), tuple(secrets))
    elif kind == "application/json" or kind.endswith("+json"):
        masked = _mask_json(body, tuple(secrets))
    else:
        masked = ""
    return masked[:KEPT_CHARACTERS] or f"({len(body)} bytes of {kind or 'unknown type'}, not kept)"


def mask_url(url: str, *, secrets: Iterable[str]) -> str:
    """The URL with the values of its secret and personal query parameters replaced by MASK."""
    parts = urlsplit(url)
    known = tuple(secrets)
    return urlunsplit((parts.scheme, parts.netloc, mask_text(parts.path, known), _mask_query(parts.query, known), ""))


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """The text without the given secrets and without tokens, mail addresses, phone and card numbers."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    for pattern in _VALUE_PATTERNS:
        text = pattern.sub(MASK, text)
    if "@" in text:  # looking for the letters before an @ that is not there is most of the work
        text = _MAIL.sub(MASK, text)
    return _CARD.sub(_mask_card, text)


def _mask_card(match: re.Match[str]) -> str:
    """MASK for what has a card's check digit; other long numbers are ids and stay."""
    numbers = [int(sign) for sign in match.group() if sign.isdigit()]
    doubled = [sum(divmod(number * 2, 10)) for number in numbers[-2::-2]]
    return MASK if (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0 else match.group()


def _mask_json(body: bytes, secrets: tuple[str, ...]) -> str:
    try:
        return json.dumps(_Masking(secrets).value(json.loads(body), personal=False), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


class _Masking:
    """Masks a JSON value until there is as much as is kept of it; the rest is MASK without a look at it.

    To mask the whole of a feed of some megabytes would cost more than all else that is done to send it.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._left = KEPT_CHARACTERS

    def value(self, value: object, *, personal: bool) -> object:
        if self._left <= 0:
            return MASK
        if isinstance(value, Mapping):
            return {key: self._member(str(key), inner, personal=personal) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, personal=personal) for inner in value]
        if value is None or isinstance(value, bool):
            return value
        if personal:
            return MASK
        if not isinstance(value, str):
            return value
        masked = mask_text(value, self._secrets)
        self._left -= len(masked)
        return masked

    def _member(self, key: str, value: object, *, personal: bool) -> object:
        self._left -= len(key)
        bare = _bare(key)
        if any(part in bare for part in _SECRET_PARTS):
            return self.value(value, personal=True)
        if isinstance(value, Mapping | list):
            inside = personal or bare in _PERSONAL_CONTAINERS or bare.endswith(("address", "addresses"))
            return self.value(value, personal=inside)
        if personal and (bare in _KEPT_OF_A_PERSON or bare.endswith("id")):
            return self.value(value, personal=False)
        return self.value(value, personal=personal or _is_personal(bare))


def _is_personal(bare: str) -> bool:
    """A variable of several calls in one has a number behind its name."""
    return bare in _PERSONAL_KEYS or bare.rstrip("0123456789") in _PERSONAL_KEYS


def _mask_query(query: str, secrets: tuple[str, ...]) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "&".join(f"{quote(key)}={_mask_parameter(key, value, secrets)}" for key, value in pairs)


def _mask_parameter(key: str, value: str, secrets: tuple[str, ...]) -> str:
    bare = _bare(key)
    if bare in _SECRET_QUERY_KEYS or bare in _PERSONAL_KEYS or any(part in bare for part in _SECRET_PARTS):
        return MASK
    return quote(mask_text(value, secrets), safe="*")


def _bare(key: str) -> str:
    return "".join(sign for sign in key.lower() if sign.isalnum())
