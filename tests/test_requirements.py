"""The requirements: two locks for any Python from 3.11 to 3.13, made from what the code imports."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from experiments.clone import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.txt", "requirements-tests.txt")
PYTHONS = ("3.11", "3.12", "3.13")
OURS = {"stages", "tools", "data", "experiments", "tests"}
# Commands and plugins, which nothing imports.
NOT_IMPORTED = {"dvc-s3", "pytest", "pytest-xdist", "ruff", "mypy", "pre-commit"}
# A benchmark of this library runs in an environment of its own.
ELSEWHERE = {"maad"}


def locked(name: str) -> list[tuple[Requirement, int]]:
    """Return the requirements of a lock, each with the number of its hashes."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " "))
    return [(Requirement(entry.partition("--hash")[0]), entry.count("--hash=sha256:")) for entry in entries]


def names(requirements: Iterable[Requirement], python: str) -> set[str]:
    """Return what is asked for under Linux with this Python, where no extra is."""
    environment = {"python_version": python, "python_full_version": f"{python}.1", "extra": ""}
    return {
        canonicalize_name(requirement.name)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


def declared(*lines: str) -> set[str]:
    return names(map(Requirement, lines), PYTHONS[0])


def imported(*folders: str) -> set[str]:
    """Return the distributions of other people that the modules of some folders import."""
    distributions = metadata.packages_distributions()
    foreign = {name for folder in folders for name in imports(folder)} - sys.stdlib_module_names - OURS - ELSEWHERE
    return {canonicalize_name(distributions[name][0]) for name in foreign if name in distributions}


def imports(folder: str) -> Iterator[str]:
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.partition(".")[0]


def test_the_project_asks_for_what_the_pipeline_imports():
    asked = declared(*PROJECT["project"]["dependencies"])
    assert asked - NOT_IMPORTED == imported("stages", "tools", "data")


def test_the_tests_ask_for_what_they_import_besides():
    asked = declared(*PROJECT["dependency-groups"]["tests"])
    pipeline = declared(*PROJECT["project"]["dependencies"])
    assert asked - NOT_IMPORTED == imported("experiments", "tests") - pipeline
    assert asked & pipeline == set()


def test_the_tests_add_packages_and_change_no_version():
    plain, with_tests = ({str(requirement) for requirement, _ in locked(name)} for name in LOCKS)
    assert plain < with_tests


@pytest.mark.parametrize("name", LOCKS)
def test_everything_is_pinned_and_hashed_and_no_index_is_named(name):
    for requirement, hashes in locked(name):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
        assert hashes > 0, requirement
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert re.findall(r"^--.*", text, flags=re.MULTILINE) == []


def test_every_python_that_is_promised_has_its_locks():
    promised = SpecifierSet(PROJECT["project"]["requires-python"])
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in promised] == list(PYTHONS)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_packages_need_on_each_python(name, python):
    held = names((requirement for requirement, _ in locked(name)), python)
    needed = {
        need: package
        for package in held & {canonicalize_name(found.name) for found in metadata.distributions()}
        for need in names(map(Requirement, metadata.requires(package) or []), python)
    }
    assert {need: package for need, package in needed.items() if need not in held} == {}
    assert {"tensorflow", "librosa"} <= held
