import re
import unicodedata

SLUG_MAX = 40
SLUG_SQL = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"


def slugify(name):
    """A name as a DNS label of 1 to 40 characters `[a-z0-9-]` that starts with a letter, as
    Kubernetes wants it.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not slug or not slug[0].isalpha():
        slug = f"m-{slug}".rstrip("-") if slug else "model"
    return slug[:SLUG_MAX].rstrip("-")


def numbered(slug, number):
    """`slug-2`, still of at most 40 characters."""
    suffix = f"-{number}"
    return slug[: SLUG_MAX - len(suffix)].rstrip("-") + suffix
