"""A real Chromium for tests of pages, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(folder: Path, **preferences: object) -> Iterator[Chrome]:
    """Give a browser whose profile and downloads lie in a new folder.

    Parameters
    ----------
    folder : Path
    **preferences
        Chromium's own, `__` standing for the points in their names.
    """
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(argument)
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    named = {name.replace("__", "."): value for name, value in preferences.items()}
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)} | named)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # With the path given, Selenium looks for no driver elsewhere.
    browser = Chrome(options, Service(executable_path=DRIVER))
    try:
        yield browser
    finally:
        browser.quit()


def until(browser: Chrome, script: str) -> Any:
    """Wait until a script returns something true, and return that."""
    return WebDriverWait(browser, 10, 0.02).until(lambda _: browser.execute_script(f"return {script}"))


def press(browser: Chrome, *keys: str) -> None:
    """Press keys one after another."""
    for key in keys:
        ActionChains(browser).send_keys(key).perform()
