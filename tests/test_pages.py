"""What the pages link, show and tell people to run is there, and they are short and plain."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from experiments.clone import REPOSITORY
from tests.support.pages import PAGES, read_page

LINK = re.compile(r"\]\((?!https?:|\.\./\.\./edit/)([^)#\s]*)(?:#([^)\s]+))?\)")
MODULE = re.compile(r"python -m ([a-z_]+(?:\.\w+)*)([^`\n]*(?:\\\n[^`\n]*)*)")
OPTION = re.compile(r"(?<!\S)--[a-z-]+")
# Options that several commands share.
SHARED = {
    name: (REPOSITORY / name.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    for name in ("experiments.command", "experiments.kinds", "tools.lib.answers.signature")
}
# Words that a native-speaking engineer would not write (DESIGN: plain, modern technical English).
QUAINT = re.compile(r"\b(mend(s|ed)?|anew|alike|whoever|besides|of which|if need be)\b", re.IGNORECASE)
LONGEST_README = 179
LARGEST_PICTURES = 300_000


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    text = re.sub(r"```.*?```", "", read_page(page), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def without_code(text: str) -> str:
    """Return a text without its blocks and spans of code, and without what commands have written."""
    for code in (r"<!-- (.*?): begin -->.*?<!-- \1: end -->", r"```.*?```", r"`[^`]*`"):
        text = re.sub(code, "", text, flags=re.DOTALL)
    return text


def source_of(module: str) -> str | None:
    """Return the source of a module of this repository, with that of the options it shares; None where it is none."""
    path = REPOSITORY.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__main__.py"):
        if candidate.exists():
            source = candidate.read_text(encoding="utf-8")
            return source + "".join(text for name, text in SHARED.items() if name in source)
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page):
    folder = (REPOSITORY / page).parent
    broken = []
    for file, anchor in LINK.findall(read_page(page)):
        target = folder / file if file else REPOSITORY / page
        if not target.exists():
            broken.append(file)
        elif anchor and anchor not in anchors(str(target.resolve().relative_to(REPOSITORY))):
            broken.append(f"{file}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("page", PAGES)
def test_every_module_and_option_that_a_page_names_exists(page):
    missing = []
    for module, rest in MODULE.findall(read_page(page)):
        source = source_of(module)
        if source is None:
            missing.append(module)
        else:
            missing += [f"{module} {option}" for option in OPTION.findall(rest) if f'"{option}"' not in source]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_that_a_page_names_exists(page):
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?:`|^    |\n)make +([\w./-]+)", read_page(page))
    assert [target for target in targets if not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_words_of_a_page_are_plain(page):
    lines = without_code(read_page(page)).splitlines()
    assert [line for line in lines if QUAINT.search(line)] == []


def test_the_readme_is_short_and_lists_every_page():
    readme = read_page("README.md")
    assert len(readme.splitlines()) <= LONGEST_README
    linked = {file for file, _ in LINK.findall(readme)}
    assert {page for page in PAGES if page.startswith("docs/")} <= linked


def test_the_pictures_of_the_readme_are_small():
    pictures = [
        Path(name) for name in re.findall(r'<img src="([^"]+)" width="\d+" alt="[^"]+">', read_page("README.md"))
    ]
    assert len(pictures) == 2
    assert sum((REPOSITORY / picture).stat().st_size for picture in pictures) < LARGEST_PICTURES


def test_every_file_that_states_the_version_states_the_same():
    version = tomllib.loads(read_page("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(read_page("CITATION.cff"))["version"] == version
    assert re.search(r"^## (\S+)", read_page("CHANGELOG.md"), re.MULTILINE).group(1) == version
