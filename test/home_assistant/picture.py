"""A picture of a device's page in Home Assistant, as a browser without a screen shows it."""

import json
import os
import shutil
import time
from pathlib import Path

from home import HomeAssistant

WIDTH, HEIGHT = 1180, 860
SECONDS = 60


def take(home: HomeAssistant, device: str, file: Path) -> None:
    """Write a PNG. The browser is Debian's, as Playwright's own is not on every mirror."""
    from PIL import Image
    from playwright import sync_api

    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    expires = {"expires": int((time.time() + home.tokens["expires_in"]) * 1000)}
    tokens = {**home.tokens, **expires, "hassUrl": home.url, "clientId": f"{home.url}/"}
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.add_init_script(f"localStorage.hassTokens = JSON.stringify({json.dumps(tokens)})")
        page.goto(f"{home.url}/config/devices/device/{device}")
        page.get_by_text("That was normal").first.wait_for(timeout=SECONDS * 1000)
        page.get_by_text("Problem").first.wait_for(timeout=SECONDS * 1000)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=file)
        browser.close()
    with Image.open(file) as image:
        image.convert("RGB").quantize(128).save(file, optimize=True)
