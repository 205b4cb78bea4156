"""User agent → browser, operating system and kind of device, as numbers that never change between runs.

ua-parser (its compiled regex engine) recognises browsers; brokers' own apps are recognised here, because a public
list does not know them. Codes of known families are positions in the tables below, so entries are only ever appended;
any other family gets 1024 plus a hash of its name. A user agent is whatever the sender wrote: it is cut to
`MAX_LENGTH` characters before anything looks at it.
"""

import hashlib
import json
import re
import threading
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

from ua_parser import Parser
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from kuraban.core.layout import CLIENT_APP, CLIENT_BOT, CLIENT_LIBRARY, DESKTOP, HANDSET, OTHER_DEVICE, TABLET

MAX_LENGTH = 512
UNKNOWN_NAME = "不明/unknown"
_HASHED = 1024
_HASH_RANGE = 60_000

# Position + 1 is the code. Append only: codes are kept in snapshots.
BROWSERS = (
    "Chrome",
    "Edge",
    "Safari",
    "Firefox",
    "Mobile Safari",
    "Chrome Mobile",
    "Chrome Mobile iOS",
    "Chrome Mobile WebView",
    "Mobile Safari UI/WKWebView",
    "Samsung Internet",
    "Firefox Mobile",
    "Firefox iOS",
    "Edge Mobile",
    "Opera",
    "Opera Mobile",
    "Opera Mini",
    "IE",
    "IE Mobile",
    "Android",
    "LINE",
    "Facebook",
    "Instagram",
    "Twitter",
    "Google",
    "Yahoo! JAPAN",
    "Vivaldi",
    "Brave",
    "DuckDuckGo Mobile",
    "Sleipnir",
    "Silk",
    "UC Browser",
    "QQ Browser",
    "QQ Browser Mobile",
    "MiuiBrowser",
    "Huawei Browser",
    "Yandex Browser",
    "Chromium",
    "Electron",
    "HeadlessChrome",
    "PhantomJS",
    "Python Requests",
    "Python-urllib",
    "aiohttp",
    "python-httpx",
    "Scrapy",
    "curl",
    "Wget",
    "Go-http-client",
    "okhttp",
    "axios",
    "node-fetch",
    "Java",
    "Apache-HttpClient",
    "libwww-perl",
    "Ruby",
    "Guzzle",
    "PostmanRuntime",
    "CFNetwork",
    "Dalvik",
    "WhatsApp",
    "WeChat",
    "Googlebot",
    "bingbot",
)
SYSTEMS = (
    "Windows",
    "Mac OS X",
    "iOS",
    "Android",
    "Linux",
    "Chrome OS",
    "Ubuntu",
    "Fedora",
    "Debian",
    "HarmonyOS",
    "Windows Phone",
    "tvOS",
    "FreeBSD",
    "Tizen",
    "KaiOS",
    "BlackBerry OS",
    "watchOS",
)
_MOBILE_SYSTEMS = frozenset({"iOS", "Android", "HarmonyOS", "Windows Phone", "KaiOS", "BlackBerry OS"})
_DESKTOP_SYSTEMS = frozenset({"Windows", "Mac OS X", "Linux", "Chrome OS", "Ubuntu", "Fedora", "Debian", "FreeBSD"})

# HTTP libraries by product token, lower case → the family's name.
_LIBRARIES = {
    "python-requests": "Python Requests",
    "python-urllib": "Python-urllib",
    "python-urllib3": "Python-urllib",
    "python": "Python-urllib",
    "aiohttp": "aiohttp",
    "python-httpx": "python-httpx",
    "scrapy": "Scrapy",
    "curl": "curl",
    "libcurl": "curl",
    "wget": "Wget",
    "go-http-client": "Go-http-client",
    "axios": "axios",
    "node-fetch": "node-fetch",
    "undici": "node-fetch",
    "node": "node-fetch",
    "got": "node-fetch",
    "java": "Java",
    "java-http-client": "Java",
    "apache-httpclient": "Apache-HttpClient",
    "libwww-perl": "libwww-perl",
    "ruby": "Ruby",
    "faraday": "Ruby",
    "guzzlehttp": "Guzzle",
    "postmanruntime": "PostmanRuntime",
    "insomnia": "PostmanRuntime",
    "httpie": "Python Requests",
}
# The stacks that a phone's own apps send when their makers set no name of their own: an app, not a script.
_APP_STACKS = {"okhttp": "okhttp", "dalvik": "Dalvik", "cfnetwork": "CFNetwork"}
_WEB_VIEWS = frozenset({"Chrome Mobile WebView", "Mobile Safari UI/WKWebView"})
_BROWSER_TOKENS = frozenset({"mozilla", "opera", "safari", "chrome", "firefox"})

# Cubot makes telephones.
_BOT = re.compile(
    r"headless|phantomjs|selenium|webdriver|puppeteer|playwright|(?<!\bcu)bot\b|crawler|spider|slurp|scraper",
    re.IGNORECASE,
)
# Every repetition is bounded, and no two neighbours share a character: no input makes these backtrack far.
_PRODUCT = re.compile(r"\s{0,8}([^\s/();,]{1,64})(?:/v?([0-9]{1,6}))?")
_TOKEN = re.compile(r"(?<![^\s();,])[^\s/();,]{1,64}(?=/)")
_SYSTEM_WORDS = (
    (re.compile(r"\b(?:iPhone|iPad|iPod)|\bi(?:Pad)?OS\b", re.IGNORECASE), "iOS"),
    (re.compile(r"\bHarmonyOS\b", re.IGNORECASE), "HarmonyOS"),
    (re.compile(r"\bAndroid\b", re.IGNORECASE), "Android"),
    (re.compile(r"\bWindows\b", re.IGNORECASE), "Windows"),
    (re.compile(r"\b(?:macOS|Mac OS X|Macintosh)\b", re.IGNORECASE), "Mac OS X"),
    (re.compile(r"\bLinux\b", re.IGNORECASE), "Linux"),
)
_TABLET_WORDS = re.compile(r"iPad|\btablet\b|\bSM-[TX][0-9]|\bTab\b|Kindle", re.IGNORECASE)


class Client(NamedTuple):
    """What a user agent says: codes of browser and system, major version, device class, `CLIENT_*` bits."""

    browser: int = 0
    version: int = 0
    os: int = 0
    device_class: int = 0
    flags: int = 0


class _Names:
    """Codes for one vocabulary, and the names of hashed codes met so far (at most `bound` of them)."""

    def __init__(self, known: tuple[str, ...], bound: int):
        self._codes = {name: i + 1 for i, name in enumerate(known)}
        self._known = known
        self._met: dict[int, str] = {}
        self._bound = bound

    def code(self, name: str) -> int:
        known = self._codes.get(name)
        if known is not None:
            return known
        digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
        code = _HASHED + int.from_bytes(digest, "little") % _HASH_RANGE
        if len(self._met) < self._bound:
            self._met.setdefault(code, name)
        return code

    def name(self, code: int) -> str:
        if 0 < code <= len(self._known):
            return self._known[code - 1]
        return self._met.get(code, UNKNOWN_NAME)

    def met(self) -> dict[str, str]:
        return {str(code): name for code, name in self._met.items()}

    def recall(self, met: dict[str, str]) -> None:
        for code, name in met.items():
            if len(self._met) < self._bound:
                self._met.setdefault(int(code), str(name))


class Clients:
    """Describes user agents; remembers the last `cache_size` of them. Safe to share between threads."""

    def __init__(self, cache_size: int = 16_384):
        self._browsers = _Names(BROWSERS, 4096)
        self._systems = _Names(SYSTEMS, 1024)
        self._cache: OrderedDict[str, Client] = OrderedDict()
        self._cache_size = cache_size
        self._lock = threading.Lock()

    def describe(self, user_agent: str | None) -> Client:
        """Browser, major version, system, device class and flags; all 0 for an absent or blank user agent."""
        if not user_agent:
            return Client()
        text = user_agent[:MAX_LENGTH]
        with self._lock:
            found = self._cache.get(text)
            if found is not None:
                self._cache.move_to_end(text)
                return found
        found = self._describe(text) if text.strip() else Client()
        with self._lock:
            self._cache[text] = found
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)
        return found

    def names(self) -> bytes:
        """The names behind hashed codes met so far: what a saved state needs to speak of them later."""
        return json.dumps([self._browsers.met(), self._systems.met()]).encode()

    def recall(self, names: bytes) -> None:
        """Know the names of a saved state. Raises ValueError for what `names` did not write."""
        try:
            browsers, systems = json.loads(names)
            self._browsers.recall(dict(browsers))
            self._systems.recall(dict(systems))
        except (TypeError, ValueError) as error:
            raise ValueError("the names of software are not readable") from error

    def browser_name(self, code: int) -> str:
        """The family a browser code stands for, `UNKNOWN_NAME` for one not met in this process or its past."""
        return self._browsers.name(code)

    def os_name(self, code: int) -> str:
        """The family a system code stands for, `UNKNOWN_NAME` for one not met in this process or its past."""
        return self._systems.name(code)

    def _describe(self, raw: str) -> Client:
        text = raw.encode("utf-8", "replace").decode()  # lone surrogates have no place in the engine's text
        product = _PRODUCT.match(text)
        token = product.group(1) if product else ""
        version = int(product.group(2) or 0) if product else 0
        libraries = [_LIBRARIES[t] for t in map(str.lower, _TOKEN.findall(text)) if t in _LIBRARIES]
        flags = (CLIENT_LIBRARY if libraries else 0) | (CLIENT_BOT if _BOT.search(text) else 0)
        os, device = _system(text)
        word = token.lower()
        if word in _LIBRARIES:
            return self._client(_LIBRARIES[word], version, os, device, flags | CLIENT_LIBRARY)
        if token and word not in _BROWSER_TOKENS and not flags:
            return self._client(_APP_STACKS.get(word, token), version, os, device or OTHER_DEVICE, CLIENT_APP)
        agent = _parser().parse_user_agent(text)
        if agent is None:
            family, major = ("" if word in _BROWSER_TOKENS else token), version
        else:
            family, major = agent.family, _number(agent.major)
        if family in _WEB_VIEWS:
            flags |= CLIENT_APP
        return self._client(family, major, os, device, flags)

    def _client(self, family: str, version: int, os: str, device: int, flags: int) -> Client:
        return Client(
            self._browsers.code(family) if family else 0,
            min(version, 65_535),
            self._systems.code(os) if os else 0,
            device,
            flags,
        )


@lru_cache(maxsize=1)
def _parser() -> Parser:
    """Made when it is first needed, without the patterns of devices: they are most of its start-up and never asked."""
    user_agents, systems, _ = load_lazy_builtins()
    return Parser(Resolver((user_agents, systems, [])))


def _number(digits: str | None) -> int:
    return int(digits) if digits and digits.isascii() and digits.isdecimal() and len(digits) < 7 else 0


def _system(text: str) -> tuple[str, int]:
    """Family of the operating system and device class; ("", 0) where the text names neither."""
    found = _parser().parse_os(text)
    os = found.family if found is not None else ""
    if os not in SYSTEMS:
        os = next((name for pattern, name in _SYSTEM_WORDS if pattern.search(text)), os)
    if os in _DESKTOP_SYSTEMS:
        return os, DESKTOP
    if os not in _MOBILE_SYSTEMS:
        return os, OTHER_DEVICE if os else 0
    # Android browsers on tablets leave out the word «Mobile» (and are otherwise told only by the model).
    browser_on_tablet = os == "Android" and text.lstrip().startswith("Mozilla/") and "Mobile" not in text
    return os, TABLET if browser_on_tablet or _TABLET_WORDS.search(text) else HANDSET
