from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stages.lib.cards.markdown import LONGEST_TABLE, LONGEST_TEXT, code, table


class Cells(HTMLParser):
    """The text of every cell of a table, and the names of all elements."""

    def __init__(self, markdown: str):
        super().__init__()
        self.cells: list[str] = []
        self.elements: set[str] = set()
        self.in_code = False
        self.outside: list[str] = []
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag, _):
        self.elements.add(tag)
        self.in_code = self.in_code or tag == "code"
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        self.in_code = self.in_code and tag != "code"

    def handle_data(self, data):
        if self.cells and data.strip():
            self.cells[-1] += data
        if self.cells and not self.in_code:
            self.outside.append(data)


def rendered(*cells: str) -> Cells:
    return Cells("\n".join(table(["a"] * len(cells), [[code(cell) for cell in cells]])))


TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("`|\\<>&@#$*_~[]()! :\n"), max_size=LONGEST_TEXT)


@given(TEXTS, TEXTS)
def test_whatever_is_in_a_cell_is_shown_as_it_is_and_breaks_nothing(first, second):
    page = rendered(first, second)
    expected = [" ".join("".join(c if c.isprintable() else " " for c in text).split()) for text in (first, second)]
    assert page.cells == expected
    assert page.elements <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    # Outside of code GitHub would link names, issues and addresses.
    assert "".join(page.outside).strip() == ""


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "a | b",
        "`x` ``y``",
        "a\\|b",
        "@everyone",
        "#12",
        "www.example.org",
        "\\",
        "`",
        "|",
    ],
)
def test_what_would_run_break_or_call_somebody_does_not(text):
    page = rendered(text, "next")
    assert (page.cells, page.elements & {"img", "a", "script"}) == ([text, "next"], set())


def test_a_plain_text_stays_readable_without_rendering():
    assert code("OS_20190705_0004_0049765") == "`OS_20190705_0004_0049765`"


def test_nothing_is_nothing():
    assert code(" \n") == ""


def test_a_long_text_is_cut():
    assert code("x" * 500) == f"`{'x' * LONGEST_TEXT}...`"


def test_a_long_table_is_cut_and_says_so():
    lines = table(["a"], [["x"]] * (LONGEST_TABLE + 7))
    assert (len(lines), lines[-1]) == (LONGEST_TABLE + 4, "... and 7 more.")
