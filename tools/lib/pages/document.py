"""One HTML document that needs nothing else: style, script and data are inside, and it may fetch nothing."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def document(template: str, title: str, styles: Sequence[str], scripts: Sequence[str], data: Mapping[str, Any]) -> str:
    """Put a page together.

    Parameters
    ----------
    template, styles, scripts : names of files in this folder
        The template has a place, such as `{{style}}`, for everything else. Scripts share their names.
    title : str
    data : mapping
        From the id of an element to a value that JSON can hold; scripts find it there.

    Returns
    -------
    str
        HTML, in which no text of the data can ever be run.
    """
    style = "\n".join(read(name) for name in styles)
    script = '"use strict";\n' + "\n".join(read(name) for name in scripts)
    parts = {
        "title": html.escape(title),
        "policy": policy(style, script),
        "style": style,
        "data": "\n".join(data_block(name, value) for name, value in data.items()),
        "script": script,
    }
    # In one pass, so that what looks like a place within a part is left alone.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], read(template))


def read(name: str) -> str:
    """Return a source file of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Return a content security policy: this style, this script, images inside the page, and nothing else at all."""
    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Return the digest by which a policy knows a style or a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def data_block(name: str, value: Any) -> str:
    """Return an element that holds a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Without this character nothing ends the element or opens another, and JSON reads it back.
    text = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="{html.escape(name)}">{text}</script>'


def base64_text(content: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(content).decode("ascii")
