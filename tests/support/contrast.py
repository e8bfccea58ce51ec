"""How well a text can be read on its ground."""

import re


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, such as #ff8800 or rgb(255, 136, 0), after WCAG 2."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, in [0, 1]."""
    channels = [int(part, 16) for part in re.findall("..", colour[1:])] if colour[0] == "#" else digits_of(colour)
    parts = [channel / 255 for channel in channels[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def digits_of(colour: str) -> list[int]:
    """Return the numbers of a colour as a browser computes it."""
    return [int(part) for part in re.findall(r"\d+", colour)]
