"""Whether what is known of an image is enough for an environment. Pure: policy and inventory in, a
sentence or None out.
"""

POLICIES = [
    ("tell", "Tell what was found"),
    ("known", "Refuse what is not known"),
    ("clean", "Refuse known holes too"),
]
NAMES = {"osv": "vulnerability database", "clamav": "malware scanner"}


def inventory_refusal(policy, inventory):
    """Why the image may not go there; None when it may. Malware is refused under every policy."""
    if inventory and inventory.get("malware"):
        first = inventory["malware"][0]
        return f"Malware: {first['signature']} in {first['file']}."
    if policy == "tell":
        return None
    if not inventory:
        return (
            "The image has not been looked through yet. Wait a moment, or deploy it to staging "
            "again."
        )
    for tool in inventory.get("tools") or []:
        if tool["name"] in NAMES and tool["status"] != "ok":
            why = tool.get("detail") or tool["status"]
            return f"Not known to be clean: {NAMES[tool['name']]}: {why}"
    count = inventory.get("vulnerabilityCount") or 0
    if policy == "clean" and count:
        return f"{count} known {'hole' if count == 1 else 'holes'} in the image's packages."
    return None
