"""A person at a browser in the lab: headless Chromium in the network of one host, and what people do with horizon."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from lab.tworegions import settings

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
# The driver stays outside of the host's network: it talks to Chromium by a pipe, and the test to it.
_WRAPPER = '#!/bin/sh\nexec nsenter --net=/run/netns/{netns} {chromium} "$@"\n'
_OPTIONS = ("--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars")
_SIZE = (1180, 640)
_PATIENCE = 60  # seconds until a page shows what is waited for


@contextlib.contextmanager
def opened(host, folder):
    """A browser in the network of a host of the lab; what it keeps, and its pictures, are in this folder."""
    wrapper = folder / "chromium"
    wrapper.write_text(_WRAPPER.format(netns=settings.host(host).netns, chromium=CHROMIUM))
    wrapper.chmod(0o755)
    options = webdriver.ChromeOptions()
    options.binary_location = str(wrapper)
    for word in (*_OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--window-size={_SIZE[0]},{_SIZE[1]}"):
        options.add_argument(word)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_page_load_timeout(_PATIENCE)
    try:
        yield Person(driver, folder)
    finally:
        driver.quit()


class Person:
    """Who clicks and reads."""

    def __init__(self, driver, folder):
        self.driver, self.folder, self.dashboard = driver, folder, ""

    def _wait(self, ready, what):
        wait = WebDriverWait(self.driver, _PATIENCE, 0.2, ignored_exceptions=(StaleElementReferenceException,))
        try:
            return wait.until(lambda _: ready())
        except Exception as error:
            self.driver.save_screenshot(str(self.folder / "failed.png"))
            seen = self.driver.find_element(By.TAG_NAME, "body").text
            raise AssertionError(
                f"not within {_PATIENCE} s: {what}, at {self.driver.current_url}, which shows:\n{seen}"
            ) from error

    def _all(self, css):
        """What is seen at these places now."""
        return [one for one in self.driver.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]

    def _one(self, css):
        """What is seen there, once it is; the first of several."""
        return self._wait(lambda: next(iter(self._all(css)), None), css)

    def _follow(self, element):
        """Click on what leads to another page, and wait until the present one is gone."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        element.click()

        def gone():
            try:
                page.is_enabled()
            except StaleElementReferenceException:
                return True
            return False

        self._wait(gone, "the next page")

    def texts(self, css):
        """The texts that are seen at these places."""
        return [one.text.strip() for one in self._all(css)]

    def go(self, page):
        """Open a page of the dashboard that one signed in at."""
        self.driver.get(f"{self.dashboard}{page}")

    def sign_in(self, dashboard, user, password):
        """Sign in at a dashboard, by its sign-in page."""
        self.dashboard = dashboard
        self.go("")
        self._one("#id_username").send_keys(user)
        self._one("#id_password").send_keys(password)
        self._follow(self._one("#loginBtn"))
        self._one(".user-name")

    def region(self):
        """The region that is chosen, as it stands on top of each page; nothing where there is no choice."""
        return "".join(self.texts(".context-region"))

    def open_switch(self):
        """Open the region switch; the regions in it."""
        self._one(".navbar-nav .context-overview").click()
        self._one(".context-selection .region-name")
        return self.texts(".context-selection .region-name")

    def choose(self, region):
        """Click on a region in the switch, which is open."""
        self._follow(next(one for one in self._all(".context-selection a") if one.text.strip() == region))
        self._wait(lambda: self.region() == region, f"{region} is chosen")

    def images(self):
        """The names of the images, on the page of images."""
        names = "hz-resource-table tbody a[href*='OS::Glance::Image']"
        self._wait(lambda: self._all(names), "an image")
        return self.texts(names)

    def create_user(self, name, password):
        """Fill in the form for a new user and send it; what the dashboard says then."""
        self.go("identity/users/")
        self._one("#users__action_create").click()
        self._one("#id_name").send_keys(name)
        self._one("#id_password").send_keys(password)
        self._one("#id_confirm_password").send_keys(password)
        self._one(".modal-dialog input[type=submit]").click()
        self._wait(self.said, "what came of it")
        return self.said()

    def close_form(self):
        """Give up the form that is open."""
        self._one(".modal-dialog .cancel").click()
        self._wait(lambda: not self._all(".modal-dialog"), "the form is gone")

    def said(self):
        """The notices and errors that are shown."""
        return " ".join(" ".join(self.texts(".messages .alert")).split())

    def sign_out(self):
        """Sign out by the menu under one's name."""
        self._one(".user-menu > a").click()
        self._follow(next(one for one in self._all(".user-menu a") if one.text.strip() == "Sign Out"))
        self._one("#loginBtn")

    def picture(self, name):
        """Take a picture; of the guide's, when OPENSTACK_REGIONS_TEST_PICTURES says so."""
        place = PICTURES if os.environ.get("OPENSTACK_REGIONS_TEST_PICTURES") else self.folder
        path = place / f"{name}.png"
        self.driver.save_screenshot(str(path))
        assert path.stat().st_size > 10_000, f"{path} shows nothing"
