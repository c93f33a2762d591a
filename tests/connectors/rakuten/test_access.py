import pytest

from connectors.errors import PermissionLost
from connectors.protocol import KeysRefused
from connectors.rakuten import access
from connectors.records import Credentials

PAIR = {"service_secret": "SP000000_abc", "license_key": "SL000000_xyz"}


@pytest.mark.parametrize(
    "typed",
    [
        "demo-shop",
        " Demo-Shop ",
        "https://www.rakuten.co.jp/demo-shop/",
        "www.rakuten.co.jp/Demo-Shop",
        "https://item.rakuten.co.jp/demo-shop/mug-1/?s-id=x",
        "rakuten.co.jp/demo-shop",
    ],
)
def test_a_shop_is_named_by_its_name_or_its_address(typed: str) -> None:
    assert access.account_domain(typed) == "demo-shop"


@pytest.mark.parametrize(
    "typed",
    ["", "デモ店", "demo shop", "https://www.rakuten.co.jp/", "https://rakuten.co.jp.evil.example/demo", "a/b", "../x"],
)
def test_what_names_no_shop_is_answered_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"^Type the shop's name"):
        access.account_domain(typed)


def test_the_two_keys_make_the_header_of_the_reference() -> None:
    credentials = access.credentials_of({name: f" {value}\n" for name, value in PAIR.items()})
    assert access.authorization(credentials) == "ESA U1AwMDAwMDBfYWJjOlNMMDAwMDAwX3h5eg=="
    assert "SL000000" not in repr(credentials)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_secret", ""),
        ("license_key", "  "),
        ("license_key", "鍵"),
        ("service_secret", "a\x00b"),
        ("service_secret", "a:b"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(KeysRefused) as caught:
        access.credentials_of(PAIR | {name: value})
    assert caught.value.key == name


@pytest.mark.parametrize(
    "credentials", [Credentials(access_token="x"), Credentials(access_token="", others={"service_secret": "s"})]
)
def test_half_a_pair_opens_nothing(credentials: Credentials) -> None:
    with pytest.raises(PermissionLost):
        access.authorization(credentials)


def test_a_renewed_licence_key_is_the_same_store_and_another_secret_another() -> None:
    one, renewed = access.credentials_of(PAIR), access.credentials_of(PAIR | {"license_key": "SL000000_new"})
    other = access.credentials_of(PAIR | {"service_secret": "SP000001_abc"})
    assert access.external_id(one) == access.external_id(renewed) != access.external_id(other)
    assert len(access.external_id(one)) == len("rakuten:") + 32
