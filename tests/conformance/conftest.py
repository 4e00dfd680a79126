"""Chromium for the tests that need a browser."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def chromium():
    """A browser without network, or the reason why there is none; missing is a failure where CI says so."""
    path = (
        os.environ.get("SEKISHO_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("google-chrome")
    )
    if path is None:
        reason = "no Chromium: set SEKISHO_CHROMIUM or install Debian's package `chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
