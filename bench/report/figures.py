"""Figures by their names, for people and for programs."""

import json
from collections.abc import Mapping
from pathlib import Path


def tell(figures: Mapping[str, object], file: Path | None) -> None:
    """Print figures, and write them into a file where there is one."""
    for name, value in figures.items():
        if not isinstance(value, list):
            print(f"{name:24} {value}")
    if file is not None:
        file.write_text(json.dumps(figures, indent=2))
