import hashlib
import hmac


def sign(secret, uid, artifacts):
    """The receipt for these stored artifacts of this user: hex HMAC-SHA256, see docs/odoo-api.md.

    `artifacts` are dicts with kind, filename, objectKey, digest and size.
    """
    lines = sorted(
        "|".join(
            str(one[name]) for name in ("kind", "filename", "objectKey", "digest", "size")
        ).encode()
        for one in artifacts
    )
    return hmac.new(
        secret.encode(), str(uid).encode() + b"\n" + b"\n".join(lines), hashlib.sha256
    ).hexdigest()


def is_genuine(receipt, secret, uid, artifacts):
    """Whether the bridge signed exactly these artifacts for this user. Without a secret nothing is
    genuine.
    """
    return (
        bool(secret)
        and isinstance(receipt, str)
        and hmac.compare_digest(sign(secret, uid, artifacts).encode(), receipt.encode())
    )
