"""How a channel and its unit are written together."""


def with_unit(name: str, unit: str) -> str:
    """What to write beside a channel's values: its name and, unless the name says it, its unit."""
    said = not unit or name.endswith((f"[{unit}]", f"({unit})", f", {unit}"))
    return name if said else f"{name}, {unit}"
