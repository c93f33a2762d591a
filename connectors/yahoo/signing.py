"""Public-key authentication: two headers that keep the store's session as long as its consent lasts.

Despite its name nothing is signed: the seller id and the time are encrypted with the public key that the merchant
made in Store Creator Pro, and Yahoo! decrypts them. https://developer.yahoo.co.jp/webapi/shopping/help/#aboutapipublickey
"""

from __future__ import annotations

import base64
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.errors import PermissionLost

_ENVELOPE = re.compile(r"-----(?:BEGIN|END) PUBLIC KEY-----")


def tidied(text: str) -> str:
    """The public key as PEM, however its lines were broken on the way here. Raises ValueError for what is none."""
    inside = "".join(_ENVELOPE.sub(" ", text).split())
    lines = "\n".join(inside[start : start + 64] for start in range(0, len(inside), 64))
    pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    _key(pem)
    return pem


def headers(seller_id: str, *, public_key: str, key_version: str, unix_time: int) -> dict[str, str]:
    """X-sws-signature and its version for one call. `public_key` is PEM. Raises PermissionLost for what is no key.

    The skew Yahoo! allows is unsure, so the text is made anew for every call.
    """
    try:
        sealed = _key(public_key).encrypt(f"{seller_id}:{unix_time}".encode(), padding.PKCS1v15())
    except ValueError as error:
        raise PermissionLost("unusable_public_key") from error
    return {
        "X-sws-signature": base64.b64encode(sealed).decode("ascii"),
        "X-sws-signature-version": key_version,
    }


def _key(pem: str) -> rsa.RSAPublicKey:
    """Raises ValueError for what is none, or none of this kind."""
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError("an algorithm that is not known") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - the text is wrong, not its type
    return key
