"""Devices and their software: user agents whose versions advance with the calendar, at each owner's own pace."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from kuraban.sim.draws import Draws
from kuraban.sim.times import day_of

# Release days. Chrome and Edge: version 131 on 2024-11-12, then one about every four weeks (as published);
# iOS and macOS Safari: release notes up to early 2026.
_CHROME_BASE, _CHROME_DAY, _CHROME_EVERY = 131, day_of(date(2024, 11, 12)), 28
_FIREFOX_BASE, _FIREFOX_DAY = 133, day_of(date(2024, 11, 26))
_IOS = (
    ("2024-03-05", "17.4"), ("2024-05-13", "17.5"), ("2024-07-29", "17.6"), ("2024-09-16", "18.0"),
    ("2024-10-28", "18.1"), ("2024-12-11", "18.2"), ("2025-01-27", "18.3"), ("2025-03-31", "18.4"),
    ("2025-05-12", "18.5"), ("2025-07-29", "18.6"), ("2025-09-15", "26.0"), ("2025-11-03", "26.1"),
    ("2025-12-12", "26.2"), ("2026-02-09", "26.3"), ("2026-04-06", "26.4"), ("2026-05-18", "26.5"),
)  # fmt: skip
_IOS_DAYS = [day_of(date.fromisoformat(text)) for text, _ in _IOS]

IPHONES = (
    "iPhone13,2",
    "iPhone14,2",
    "iPhone14,5",
    "iPhone14,7",
    "iPhone15,2",
    "iPhone15,4",
    "iPhone16,1",
    "iPhone17,3",
)
ANDROIDS = (
    "SO-51C", "SO-53D", "SC-51D", "SC-52E", "SOG09", "SCG22", "SH-53D", "SH-M26", "A104SH", "Pixel 6a", "Pixel 7",
    "Pixel 7a", "Pixel 8", "Pixel 8a", "Pixel 9", "Redmi Note 11", "KYG02", "FCG01", "F-51B", "moto g64 5G",
)  # fmt: skip
LIBRARIES = ("python-requests/2.32.3", "Apache-HttpClient/5.3.1 (Java/17.0.13)", "Go-http-client/2.0", "okhttp/4.12.0")

_KINDS = ("iphone", "android", "windows", "mac", "ipad", "linux")
_PHONE_WEIGHTS = (0.60, 0.40)
_DESK_WEIGHTS = (0.80, 0.16, 0.02)


@dataclass(slots=True)
class Device:
    """One machine with one browser or the broker's app; `token` is the broker's device id stored on it."""

    token: str
    kind: str  # iphone android ipad windows mac linux library
    browser: str  # app chrome edge firefox safari library
    model: str
    lag: float  # days it runs behind releases
    frozen: int  # day after which it takes no more updates
    app: str = ""

    @property
    def channel(self) -> str:
        """How the broker sees it."""
        return {"app": "app", "library": "api"}.get(self.browser, "web")

    @property
    def is_phone(self) -> bool:
        """Whether it leaves the house."""
        return self.kind in ("iphone", "android")

    def user_agent(self, day: int) -> str:
        """What it calls itself on this day."""
        return _user_agent(self, min(day, self.frozen) - self.lag)


def chromium(day: float) -> int:
    """The current major version of Chrome on a day."""
    return _CHROME_BASE + int((day - _CHROME_DAY) // _CHROME_EVERY)


def _ios(day: float) -> str:
    return _IOS[max(0, bisect_right(_IOS_DAYS, day) - 1)][1]


def _app_version(day: float) -> str:
    step = int((day - 19_000) // 21)
    return f"{5 + step // 24}.{step % 24 // 3}.{step % 3}"


def _user_agent(device: Device, day: float) -> str:
    ios = _ios(day)
    shown = "18_6" if ios.startswith("26") else ios.replace(".", "_")
    system = {
        "iphone": f"iPhone; CPU iPhone OS {shown} like Mac OS X",
        "ipad": f"iPad; CPU OS {shown} like Mac OS X",
        "android": f"Linux; Android 10; {'K' if device.browser == 'chrome' else device.model}",
        "windows": "Windows NT 10.0; Win64; x64",
        "mac": "Macintosh; Intel Mac OS X 10_15_7",
        "linux": "X11; Linux x86_64",
    }.get(device.kind, "")
    if device.browser == "library":
        return device.model
    if device.browser == "app":
        version = _app_version(day)
        if device.kind == "android":
            return f"{device.app}/{version} (Android {12 + int(device.lag) % 4}; {device.model})"
        return f"{device.app}/{version} (iOS {ios}; {device.model})"
    if device.browser == "firefox":
        version = f"{_FIREFOX_BASE + int((day - _FIREFOX_DAY) // _CHROME_EVERY)}.0"
        return f"Mozilla/5.0 ({system}; rv:{version}) Gecko/20100101 Firefox/{version}"
    if device.browser == "safari":
        tail = (
            "Version/{} Mobile/15E148 Safari/604.1"
            if device.kind in ("iphone", "ipad")
            else "Version/{} Safari/605.1.15"
        )
        return f"Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) {tail.format(ios)}"
    mobile = " Mobile" if device.kind == "android" else ""
    edge = f" Edg/{chromium(day)}.0.0.0" if device.browser == "edge" else ""
    engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
    if device.kind == "iphone":
        webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
        return f"Mozilla/5.0 ({system}) {webkit} CriOS/{chromium(day)}.0.6778.73 Mobile/15E148 Safari/604.1"
    return f"Mozilla/5.0 ({system}) {engine} Chrome/{chromium(day)}.0.0.0{mobile} Safari/537.36{edge}"


def draw_phone(draws: Draws, token: str, app: str, app_share: float) -> Device:
    """A telephone, with the broker's app or a browser."""
    kind = draws.weighted(_KINDS[:2], _PHONE_WEIGHTS)
    if draws.chance(app_share):
        browser = "app"
    elif kind == "iphone":
        browser = "safari" if draws.chance(0.88) else "chrome"
    else:
        browser = "chrome"
    return _device(draws, token, kind, browser, draws.pick(IPHONES if kind == "iphone" else ANDROIDS), app)


def draw_desk(draws: Draws, token: str) -> Device:
    """A computer or a tablet."""
    if draws.chance(0.08):
        return _device(draws, token, "ipad", "safari", "iPad", "")
    kind = draws.weighted(_KINDS[2:4] + _KINDS[5:], _DESK_WEIGHTS)
    if kind == "mac":
        browser = draws.weighted(("safari", "chrome", "firefox"), (0.55, 0.4, 0.05))
    else:
        browser = draws.weighted(("chrome", "edge", "firefox"), (0.58, 0.34, 0.08))
    return _device(draws, token, kind, browser, "", "")


def draw_library(draws: Draws) -> Device:
    """A program that logs in for its owner: no stored device id, a library's user agent."""
    return Device("", "library", "library", draws.pick(LIBRARIES), 0.0, 10**9)


def _device(draws: Draws, token: str, kind: str, browser: str, model: str, app: str) -> Device:
    lag = draws.exponential(7.0) if draws.chance(0.85) else draws.between(30.0, 240.0)
    return Device(token, kind, browser, model, lag, 10**9, app)
