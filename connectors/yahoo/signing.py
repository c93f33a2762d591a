"""Public-key authentication: two headers that keep the store's session as long as its consent lasts.

Despite its name nothing is signed: the seller id and the time are encrypted with the public key that the merchant
made in Store Creator Pro, and Yahoo! decrypts them. https://developer.yahoo.co.jp/webapi/shopping/help/#aboutapipublickey
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.errors import PermissionLost


def headers(seller_id: str, *, public_key: str, key_version: str, unix_time: int) -> dict[str, str]:
    """X-sws-signature and its version for one call. `public_key` is PEM. Raises PermissionLost for what is no key.

    The skew Yahoo! allows is unsure, so the text is made anew for every call.
    """
    try:
        key = load_pem_public_key(public_key.encode())
    except ValueError as error:
        raise PermissionLost("unusable_public_key") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise PermissionLost("unusable_public_key")
    sealed = key.encrypt(f"{seller_id}:{unix_time}".encode(), padding.PKCS1v15())
    return {
        "X-sws-signature": base64.b64encode(sealed).decode("ascii"),
        "X-sws-signature-version": key_version,
    }
