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
