import pytest

from experiments.command import add_overlay, results_parser
from experiments.page_section import publish, replace_section


def test_only_the_marked_section_of_a_page_is_replaced():
    page = "above\n<!-- sea: begin -->\nold\n<!-- sea: end -->\nbelow\n<!-- land: begin -->\n<!-- land: end -->\n"
    assert replace_section(page, "sea", "new\n") == (
        "above\n<!-- sea: begin -->\n\nnew\n\n<!-- sea: end -->\nbelow\n<!-- land: begin -->\n<!-- land: end -->\n"
    )


def test_what_is_published_again_changes_nothing(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- sea: begin -->\n<!-- sea: end -->\n")
    publish("a table\n", "sea", page)
    once = page.read_text()
    publish("a table\n", "sea", page)
    assert page.read_text() == once
    assert "a table" in once


def test_without_a_page_it_is_printed(capsys):
    publish("a table", "sea", None)
    assert capsys.readouterr().out == "a table\n"


@pytest.mark.parametrize(
    "text", [None, "a page\n", "<!-- sea: begin -->\nall the rest\n", "<!-- sea: end -->\n<!-- sea: begin -->\n"]
)
def test_a_page_that_could_not_take_the_results_is_refused_before_the_work(tmp_path, capsys, text):
    """Without the second mark, all that follows the first would be lost."""
    page = tmp_path / "page.md"
    if text is not None:
        page.write_text(text)
    with pytest.raises(SystemExit):
        results_parser("", "sea", 5).parse_args(["--page", str(page)])
    assert "page.md: is not a page with the lines <!-- sea: begin --> and <!-- sea: end -->" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "train: [\n", "", "a text\n"])
def test_an_overlay_that_is_none_is_refused_in_a_sentence(tmp_path, capsys, text):
    overlay = tmp_path / "quick.yaml"
    if text is not None:
        overlay.write_text(text)
    parser = results_parser("", "sea", 5)
    add_overlay(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--overlay", str(overlay)])
    assert "quick.yaml: is not a YAML file of params" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1"])
def test_too_few_seeds_are_refused_before_the_work(capsys, count):
    with pytest.raises(SystemExit):
        results_parser("", "sea", 5).parse_args(["--seeds", count])
    assert f"argument --seeds: {count}: is too small; give 1 or more" in capsys.readouterr().err
