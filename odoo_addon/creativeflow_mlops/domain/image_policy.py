"""Whether what is known of an image is enough for an environment. Pure: policy and inventory in, a
Sentence or None out.
"""

# pylint: disable=prefer-env-translation
# there is no env here: `_` makes a Sentence

from .sentence import _

POLICIES = [
    ("tell", "Report only"),
    ("known", "Require a complete scan"),
    ("clean", "Require no known vulnerabilities"),
]
NAMES = {"osv": _("vulnerability database"), "clamav": _("malware scanner")}


def inventory_refusal(policy, inventory):
    """Why the image may not go there; None when it may. Malware is refused under every policy."""
    if inventory and inventory.get("malware"):
        first = inventory["malware"][0]
        return _(
            "Malware: %(signature)s in %(file)s.", signature=first["signature"], file=first["file"]
        )
    if policy == "tell":
        return None
    if not inventory:
        return _(
            "The image has not been scanned yet. Wait a moment, or deploy it to staging again."
        )
    for tool in inventory.get("tools") or []:
        if tool["name"] in NAMES and tool["status"] != "ok":
            why = tool.get("detail") or tool["status"]
            return _("Not known to be clean: %(tool)s: %(why)s", tool=NAMES[tool["name"]], why=why)
    count = inventory.get("vulnerabilityCount") or 0
    if policy == "clean" and count == 1:
        return _("1 known vulnerability in the image's packages.")
    if policy == "clean" and count:
        return _("%(count)s known vulnerabilities in the image's packages.", count=count)
    return None
