import base64
import hashlib
import hmac

from connectors import signatures


def test_signatures_are_hmac_sha256_in_hex_and_base64() -> None:
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signatures.sha256_hex("Jefe", b"what do ya want for nothing?") == expected
    assert base64.b64decode(signatures.sha256_base64("Jefe", b"what do ya want for nothing?")).hex() == expected


def test_any_of_two_secrets_may_have_signed() -> None:
    signed = base64.b64encode(hmac.new(b"old", b"body", hashlib.sha256).digest()).decode()
    assert signatures.any_signs_base64(["new", "old"], b"body", signed)
    assert not signatures.any_signs_base64(["new"], b"body", signed)
    assert not signatures.any_signs_base64(["old"], b"body ", signed)


def test_an_empty_secret_signs_nothing() -> None:
    signed = base64.b64encode(hmac.new(b"", b"body", hashlib.sha256).digest()).decode()
    assert not signatures.any_signs_base64([""], b"body", signed)
    assert not signatures.any_signs_base64([], b"body", signed)


def test_what_is_not_ascii_is_compared_and_not_stumbled_over() -> None:
    assert not signatures.same("abc", "äbc")
    assert not signatures.same("abc", "\ud800")
