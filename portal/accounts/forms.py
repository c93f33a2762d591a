"""What people type into the account screens, checked; a form either is good whole or says what to do at each field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.accounts import identifiers, passwords
from portal.errors import FormInvalid
from portal.i18n import LANGUAGES, _
from portal.models.accounts import Role

# ISO 4217: what the shops of our channels sell in.
CURRENCIES = (
    "USD EUR JPY GBP CNY AUD CAD CHF HKD TWD KRW SGD NZD SEK NOK DKK PLN CZK HUF RON BGN TRY ILS AED SAR INR IDR MYR "
    "THB PHP VND BRL MXN CLP COP PEN ARS ZAR EGP NGN KES UAH ISK"
).split()
THEMES = ("system", "light", "dark")
LONGEST_NAME = 100

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SignUp:
    """A shop and its first person, who is known by an address or a user name, never both at first.

    `time_zone` is what the browser says it is in, to be changed in the settings.
    """

    shop: str
    username: str | None
    email: str | None
    password: str
    currency: str
    time_zone: str

    @classmethod
    def read(cls, fields: Fields) -> SignUp:
        """Raises FormInvalid."""
        errors: dict[str, str] = {}
        shop = _name(fields, "shop", _("Enter the name of your shop."), errors)
        typed = text(fields, "identifier")
        email, username = identifiers.email(typed), identifiers.username(typed)
        if not (email or username):
            errors["identifier"] = _identifier_problem(typed)
        password = text(fields, "password")
        if problem := passwords.problem(password, (shop, typed)):
            errors["password"] = problem
        currency = text(fields, "currency")
        if currency not in CURRENCIES:
            errors["currency"] = _("Choose the currency of your prices.")
        if errors:
            raise FormInvalid(errors)
        time_zone = text(fields, "time_zone")
        return cls(shop, username, email, password, currency, time_zone if _is_zone(time_zone) else "UTC")


@dataclass(frozen=True, slots=True)
class Joining:
    """A person who accepts an invitation and has no account yet."""

    name: str
    password: str

    @classmethod
    def read(cls, fields: Fields, *, email: str) -> Joining:
        """Raises FormInvalid."""
        errors: dict[str, str] = {}
        name = _name(fields, "name", _("Enter your name."), errors)
        password = text(fields, "password")
        if problem := passwords.problem(password, (name, email)):
            errors["password"] = problem
        if errors:
            raise FormInvalid(errors)
        return cls(name, password)


@dataclass(frozen=True, slots=True)
class Profile:
    """`language` is one of i18n.LANGUAGES. `order_letters` is about the shop they are signed in to."""

    name: str
    language: str
    theme: str
    shortcuts: bool
    order_letters: bool

    @classmethod
    def read(cls, fields: Fields) -> Profile:
        """Raises FormInvalid."""
        errors: dict[str, str] = {}
        name = _name(fields, "name", _("Enter your name."), errors)
        theme = text(fields, "theme")
        if theme not in THEMES:
            errors["theme"] = _("Choose how the pages look.")
        language = text(fields, "language")
        if language not in LANGUAGES:
            errors["language"] = _("Choose a language from the list.")
        if errors:
            raise FormInvalid(errors)
        ticked = {box: text(fields, box) == "1" for box in ("shortcuts", "order_letters")}
        return cls(name, language, theme, **ticked)


@dataclass(frozen=True, slots=True)
class Shop:
    name: str
    time_zone: str

    @classmethod
    def read(cls, fields: Fields) -> Shop:
        """Raises FormInvalid."""
        errors: dict[str, str] = {}
        name = _name(fields, "name", _("Enter the name of your shop."), errors)
        time_zone = text(fields, "time_zone")
        if not _is_zone(time_zone):
            errors["time_zone"] = _("Choose your time zone from the list.")
        if errors:
            raise FormInvalid(errors)
        return cls(name, time_zone)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Invite:
    email: str
    role: Role

    @classmethod
    def read(cls, fields: Fields) -> Invite:
        """Raises FormInvalid."""
        errors: dict[str, str] = {}
        email = identifiers.email(text(fields, "email"))
        if email is None:
            errors["email"] = _("Enter an e-mail address, like name@example.com.")
        role = text(fields, "role")
        if role not in set(Role):
            errors["role"] = _("Choose a role.")
        if errors or email is None:
            raise FormInvalid(errors)
        return cls(email, Role(role))


def address(fields: Fields, name: str) -> str:
    """The e-mail address in its compared form. Raises FormInvalid."""
    email = identifiers.email(text(fields, name))
    if email is None:
        raise FormInvalid({name: _("Enter an e-mail address, like name@example.com.")})
    return email


def role(fields: Fields) -> Role:
    """Raises FormInvalid."""
    chosen = text(fields, "role")
    if chosen not in set(Role):
        raise FormInvalid({"role": _("Choose a role.")})
    return Role(chosen)


def text(fields: Fields, name: str) -> str:
    """What was typed, exactly; nothing for a field that is missing or is a file."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _name(fields: Fields, name: str, missing: str, errors: dict[str, str]) -> str:
    """One visible line. Control characters never belong to a name and PostgreSQL refuses one of them."""
    typed = text(fields, name)
    line = "".join(" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} else letter for letter in typed)
    line = " ".join(line.split())
    if not line:
        errors[name] = missing
    elif len(line) > LONGEST_NAME:
        errors[name] = _("Use at most {count} characters.").format(count=LONGEST_NAME)
    return line


def _identifier_problem(typed: str) -> str:
    if not typed.strip():
        return _("Enter your e-mail address or a user name.")
    if "@" in identifiers.compared(typed):
        return _("Enter an e-mail address, like name@example.com.")
    return _("A user name has 3 to 64 letters a-z, digits, dots, hyphens or underscores.")
