"""Makes the pictures of the console in docs/images: `make screenshots`.

Plays the demo (a simulated broker against the real server, and one owner's mailbox) and, when the story has been told
and everything is still up, opens the pages in the installed Chromium. The same seed gives the same story.
"""

import argparse
import asyncio
import shutil
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from kuraban.cli.demo.desk import Desk
from kuraban.cli.demo.home import Served
from kuraban.cli.demo.place import Place, temporary
from kuraban.cli.demo.screen import Screen
from kuraban.cli.demo.summary import Summary
from kuraban.cli.demo.telling import Wanted, tell
from kuraban.console.frame import COOKIE, Language
from kuraban.home.reach.reading import EXAMPLE

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTH, HEIGHT, COLOURS = 1280, 900, 128
MOST = 150_000  # bytes of a picture
LANGUAGES: tuple[Language, ...] = ("en", "ja")
# Of these there are pictures in Japanese too, named NAME-ja.
IN_JAPANESE = ("desk-now", "desk-alerts", "desk-alert", "desk-account", "desk-ring", "home-")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
LAX = "[cost]\nchallenge = 12000\nhold = 200000\nlock = 400000\n"
SETTLED = """() => document.readyState === 'complete' && !document.querySelector('[aria-busy="true"], .htmx-request')
    && [...document.querySelectorAll('[data-chart]')].every((figure) => figure.querySelector('canvas'))"""


async def picture(page: Page, address: str, name: str, language: str) -> None:
    """Open a page and keep what is seen of it first."""
    if language == "ja" and not name.startswith(IN_JAPANESE):
        return
    await page.goto(address)
    await page.wait_for_function(SETTLED)
    keep(await page.screenshot(), name if language == "en" else f"{name}-ja")


def keep(png: bytes, name: str) -> None:
    """Write a picture, with as few colours as it takes to be small."""
    drawn = Image.open(BytesIO(png)).convert("RGB")
    for colours in (COLOURS, COLOURS // 2, COLOURS // 4):
        out = BytesIO()
        drawn.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST:
            break
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / f"{name}.png").write_bytes(out.getvalue())
    sys.stderr.write(f"docs/images/{name}.png  {out.tell():,} bytes\n")


async def desk_pages(context: BrowserContext, desk: Desk, language: str) -> None:
    """The analysts' pages, of the gravest alert and the largest ring and spray there are."""
    page = await context.new_page()
    await page.goto(desk.link())
    await page.locator("main form button").click()
    await page.wait_for_url("**/console/")
    root = page.url.rstrip("/")
    alerts = (await (await context.request.get(f"{desk.address}/v1/alerts")).json())["alerts"]
    found = (await (await context.request.get(f"{desk.address}/v1/groups")).json())["groups"]
    found.sort(key=lambda each: -int(each["alerts"]))  # one account alone shows nothing of an organised attack
    groups = [each["group"] for each in found]
    ring = next(each for each in groups if each.startswith("ring-"))
    spray = next(each for each in groups if each.startswith("spray-"))
    pages = {
        "now": "/",
        "alerts": "/alerts",
        "alert": f"/alerts/{alerts[0]['id']}",
        "account": f"/account?id={quote(alerts[0]['account'])}",
        "ring": f"/groups/show?id={quote(ring)}",
        "spray": f"/groups/show?id={quote(spray)}",
        "policy": "/policy",
        "audit": "/audit",
        "health": "/health",
    }
    for name, path in pages.items():
        await picture(page, root + path, f"desk-{name}", language)
    await page.goto(f"{root}/policy")
    await page.locator("#toml").fill(LAX)
    await page.locator("#since").fill("2025-01-01")
    await page.locator("#policy-form button.primary").click()
    await page.wait_for_url("**/policy/trials/*")
    await page.locator('#trial[data-state="done"]').wait_for(timeout=600_000)
    await picture(page, page.url, "desk-trial", language)


async def home_pages(context: BrowserContext, served: Served, language: str) -> None:
    """The owner's pages."""
    page = await context.new_page()
    await page.goto(served.address)
    root = page.url.rstrip("/")
    await context.add_cookies([{"name": COOKIE, "value": language, "url": root}])
    await picture(page, f"{root}/", "home-light", language)
    for name in ("mails", "missing", "reach", "plan", "harden", "incident"):
        await picture(page, f"{root}/{name}", f"home-{name}", language)
    await page.goto(f"{root}/reach/edit")
    asked = await page.locator('a[href^="/reach/edit/broker/"]').first.get_attribute("href")
    await picture(page, f"{root}{asked}", "home-reach-form", language)


async def take(browser: Browser, desk: Desk, served: Served) -> None:
    """All pictures in all languages."""
    for language in LANGUAGES:
        context = await browser.new_context(
            locale="ja-JP" if language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
        )
        await desk_pages(context, desk, language)
        await home_pages(context, served, language)
        await context.close()


async def run(given: argparse.Namespace, place: Place) -> None:
    """Play the demo and take the pictures at its end."""
    up: list[tuple[Desk, Served]] = []

    async def ended(_: Summary) -> bool:
        (place.path / "home" / "reach.toml").write_text(EXAMPLE, "utf-8")
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise SystemExit("no chromium on the path: apt-get install chromium")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
            await take(browser, *up[0])
            await browser.close()
        return True

    with Screen(lambda ja, en: en) as screen:
        wanted = Wanted(given.owners, given.minutes * 60, given.seed, "ja")
        await tell(wanted, place, screen, lambda desk, served: up.append((desk, served)), ended)


def main() -> int:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--owners", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=2025)
    with temporary() as place:
        asyncio.run(run(parser.parse_args(), place))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
