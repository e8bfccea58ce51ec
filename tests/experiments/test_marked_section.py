from experiments.marked_section import replace_section

PAGE = (
    "above\n<!-- make real: begin -->\n{}\n<!-- make real: end -->\nbelow\n<!-- other: begin -->\n<!-- other: end -->\n"
)


def test_only_the_section_of_that_name_is_replaced():
    assert replace_section(PAGE.format("old"), "make real", "new\n") == PAGE.format("\nnew\n")
