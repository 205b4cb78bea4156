"""User agents become browser, system and device; brokers' own apps are apps, scripts are scripts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuraban.core.layout import (
    CLIENT_APP,
    CLIENT_BOT,
    CLIENT_LIBRARY,
    DESKTOP,
    HANDSET,
    OTHER_DEVICE,
    TABLET,
)
from kuraban.reference import Client, Clients
from kuraban.reference.clients import BROWSERS, MAX_LENGTH, SYSTEMS, UNKNOWN_NAME

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
IPAD = IPHONE.replace("iPhone; CPU iPhone OS", "iPad; CPU OS")
PIXEL = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/132.0.0.0 Mobile Safari/537.36"
)
GALAXY_TAB = PIXEL.replace("Pixel 8", "SM-X700").replace("Mobile ", "")
LINUX = WINDOWS.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Safari/605.1.15"
)


def described(user_agent: str) -> tuple[str, int, str, int, int]:
    clients = Clients()
    found = clients.describe(user_agent)
    os = clients.os_name(found.os) if found.os else ""
    return clients.browser_name(found.browser), found.version, os, found.device_class, found.flags


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (WINDOWS, ("Chrome", 131, "Windows", DESKTOP, 0)),
        (WINDOWS + " Edg/131.0.0.0", ("Edge", 131, "Windows", DESKTOP, 0)),
        (MAC, ("Safari", 18, "Mac OS X", DESKTOP, 0)),
        (LINUX, ("Chrome", 131, "Linux", DESKTOP, 0)),
        (IPHONE, ("Mobile Safari", 18, "iOS", HANDSET, 0)),
        (IPAD, ("Mobile Safari", 18, "iOS", TABLET, 0)),
        (PIXEL, ("Chrome Mobile", 132, "Android", HANDSET, 0)),
        (GALAXY_TAB, ("Chrome", 132, "Android", TABLET, 0)),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0",
            ("Firefox", 120, "Windows", DESKTOP, 0),
        ),
    ],
)
def test_browsers_are_known_by_family_major_version_system_and_device(
    user_agent: str, expected: tuple[str, int, str, int, int]
) -> None:
    assert described(user_agent) == expected


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("KabuApp/7.5.1 (iOS 18.5; iPhone16,2)", ("KabuApp", 7, "iOS", HANDSET, CLIENT_APP)),
        ("KabuApp/7.5.1 (Android 14; Pixel 7)", ("KabuApp", 7, "Android", HANDSET, CLIENT_APP)),
        ("KabuApp/7.5.1 (iPadOS 17.2; iPad13,4)", ("KabuApp", 7, "iOS", TABLET, CLIENT_APP)),
        ("株アプリ/3.2 (iOS 18.0; iPhone15,2)", ("株アプリ", 3, "iOS", HANDSET, CLIENT_APP)),
        ("iSPEED/12.3 CFNetwork/1410.0.3 Darwin/22.6.0", ("iSPEED", 12, "iOS", HANDSET, CLIENT_APP)),
        ("MarketSpeed2/1.9 (Windows NT 10.0)", ("MarketSpeed2", 1, "Windows", DESKTOP, CLIENT_APP)),
        ("KabuApp", ("KabuApp", 0, "", OTHER_DEVICE, CLIENT_APP)),
        ("okhttp/4.9.3", ("okhttp", 4, "", OTHER_DEVICE, CLIENT_APP)),
        (
            IPHONE.replace("Version/18.1 ", "").replace(" Safari/604.1", ""),
            ("Mobile Safari UI/WKWebView", 0, "iOS", HANDSET, CLIENT_APP),
        ),
    ],
)
def test_a_brokers_own_app_is_an_app(user_agent: str, expected: tuple[str, int, str, int, int]) -> None:
    assert described(user_agent) == expected


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        ("python-requests/2.31", "Python Requests"),
        ("curl/8.1.2", "curl"),
        ("Go-http-client/1.1", "Go-http-client"),
        ("Java/17.0.2", "Java"),
        ("axios/1.6.0", "axios"),
        ("Python/3.11 aiohttp/3.9.1", "Python-urllib"),
    ],
)
def test_http_libraries_are_scripts(user_agent: str, family: str) -> None:
    name, _, _, _, flags = described(user_agent)
    assert (name, flags) == (family, CLIENT_LIBRARY)


def test_a_library_behind_another_name_is_still_a_script() -> None:
    assert described("KabuApp/7.5.1 python-requests/2.31")[4] == CLIENT_LIBRARY


@pytest.mark.parametrize(
    "user_agent",
    [
        LINUX.replace("Chrome/", "HeadlessChrome/"),
        "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ],
)
def test_robots_and_headless_browsers_are_robots(user_agent: str) -> None:
    assert described(user_agent)[4] & CLIENT_BOT


def test_a_cubot_telephone_is_no_robot() -> None:
    assert described(PIXEL.replace("Pixel 8", "CUBOT NOTE 30"))[3:] == (HANDSET, 0)


@pytest.mark.parametrize("user_agent", ["", None, "   ", "\t\n"])
def test_no_user_agent_says_nothing(user_agent: str | None) -> None:
    assert Clients().describe(user_agent) == Client(0, 0, 0, 0, 0)


def test_codes_do_not_depend_on_what_was_seen_before() -> None:
    agents = [f"App{i}/{i}.0 (iOS 18.{i}; iPhone16,2)" for i in range(50)] + [WINDOWS, IPHONE, PIXEL, "curl/8"]
    one, other = Clients(), Clients(cache_size=3)
    first = {agent: one.describe(agent) for agent in agents}
    random.Random(7).shuffle(agents)
    assert {agent: other.describe(agent) for agent in agents} == first


def test_codes_of_known_families_are_where_snapshots_expect_them() -> None:
    assert (BROWSERS.index("Chrome"), BROWSERS.index("Mobile Safari"), BROWSERS.index("curl")) == (0, 4, 45)
    assert (SYSTEMS.index("Windows"), SYSTEMS.index("iOS"), SYSTEMS.index("Android")) == (0, 2, 3)
    assert len(set(BROWSERS)) == len(BROWSERS)
    assert Clients().describe("KabuApp/1 (iOS 18.0; iPhone16,2)").browser == 34802


def test_a_code_from_another_process_has_no_name() -> None:
    assert Clients().browser_name(34802) == UNKNOWN_NAME
    assert Clients().browser_name(0) == UNKNOWN_NAME
    assert Clients().os_name(65535) == UNKNOWN_NAME


def test_a_version_beyond_sixteen_bits_is_the_largest_one() -> None:
    assert described("KabuApp/999999 (iOS 18.5; iPhone16,2)")[1] == 65_535


def test_only_the_first_characters_of_an_endless_user_agent_count() -> None:
    assert described(WINDOWS + "x" * 1_000_000) == described((WINDOWS + "x" * 1000)[:MAX_LENGTH])


@pytest.mark.parametrize(
    "piece", ["a/", "((", "(a", "a ", "/1.", "Mozilla/5.0 (", "iPhone OS ", "bot", ";", "\x00", "あ", "\ud800"]
)
def test_repetition_and_control_characters_are_harmless(piece: str) -> None:
    found = Clients().describe(piece * 50_000)
    assert 0 <= found.browser < 65_536


@given(st.one_of(st.text(), st.text(alphabet="Mozila/5.0 ();iOSAndrdPhne,\ud800\x00")))
def test_any_text_is_described_within_the_engines_ranges(user_agent: str) -> None:
    found = Clients().describe(user_agent)
    assert 0 <= found.browser < 65_536
    assert 0 <= found.version < 65_536
    assert 0 <= found.os < 65_536
    assert 0 <= found.device_class <= OTHER_DEVICE
    assert found.flags & ~(CLIENT_APP | CLIENT_LIBRARY | CLIENT_BOT) == 0
