"""Build a self-contained HTML document: style, script and data are inside, and it cannot fetch anything."""

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
    """Assemble a page.

    Parameters
    ----------
    template, styles, scripts : names of files in this folder
        The template has placeholders, such as `{{style}}`, for the other parts. Scripts share one global scope.
    title : str
    data : mapping
        From the id of an element to a JSON value for the scripts.

    Returns
    -------
    str
        HTML in which text in the data can never run.
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
    # In one pass, so that text in a part that looks like a placeholder stays as it is.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], read(template))


def read(name: str) -> str:
    """Return a source file of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Return a content security policy that allows only this style, this script and images inside the page."""
    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Return the digest of a style or a script for a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def data_block(name: str, value: Any) -> str:
    """Return an element that holds a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Without this character no text can end the element or open another. JSON restores it.
    text = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="{html.escape(name)}">{text}</script>'


def base64_text(content: bytes) -> str:
    """Return bytes as Base64 text."""
    return base64.b64encode(content).decode("ascii")
