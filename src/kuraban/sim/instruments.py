"""The instruments of a world: Japanese shares by segment, Hong Kong and US names, funds; ticks, lots and price limits.

Liquidity follows the measured quantiles of average daily value by segment (2022 volumes joined to 2025 segments):
Prime median ¥228M (5–95 %: ¥25M to 7.9bn), Standard ¥8.4M (¥0.8M to 196M), Growth ¥33M (¥2.2M to 901M).
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path

from kuraban.sim.draws import Draws
from kuraban.sim.times import HONG_KONG, NEW_YORK, TOKYO, Hours

FX = {"JPY": 1.0, "HKD": 19.2, "USD": 149.5}
_Z95 = 1.6449

# segment: count, share of names; median, 5 % and 95 % of daily value in million yen; median price and its spread
_SEGMENTS = {
    "prime": (640, 228.0, 25.0, 7900.0, 1900.0, 0.75),
    "standard": (620, 8.4, 0.8, 196.0, 900.0, 0.85),
    "growth": (240, 33.0, 2.2, 901.0, 700.0, 0.85),
    "hongkong": (260, 150.0, 1.0, 20_000.0, 2.2, 1.6),
    "newyork": (300, 60_000.0, 3_000.0, 1_500_000.0, 75.0, 0.95),
}
_FUNDS = 120

_JA = (
    "北都", "東和", "三栄", "日南", "大洋", "関栄", "新陽", "中央", "昭光", "瑞穂野", "青葉", "富嶽", "信濃", "朝霧",
    "白峰", "若竹", "桂川", "常盤", "鳴海", "天竜", "千早", "松風", "日高", "有明", "玉川", "長良", "葛城", "美浜",
)  # fmt: skip
_EN = (
    "Hokuto", "Towa", "Sanei", "Nichinan", "Taiyo", "Kanei", "Shinyo", "Chuo", "Shoko", "Mizuhono", "Aoba", "Fugaku",
    "Shinano", "Asagiri", "Shiramine", "Wakatake", "Katsuragawa", "Tokiwa", "Narumi", "Tenryu", "Chihaya", "Matsukaze",
    "Hidaka", "Ariake", "Tamagawa", "Nagara", "Katsuragi", "Mihama",
)  # fmt: skip
_TRADES = (
    ("精工", "Seiko"), ("化学", "Chemical"), ("電機", "Electric"), ("商事", "Trading"), ("建設", "Construction"),
    ("食品", "Foods"), ("薬品", "Pharma"), ("不動産", "Estate"), ("ソフト", "Software"), ("物流", "Logistics"),
    ("紡績", "Spinning"), ("鉄工", "Iron Works"), ("ホールディングス", "Holdings"), ("デジタル", "Digital"),
    ("メディカル", "Medical"), ("筆記具", "Pens"), ("教育", "Education"), ("フーズ", "Table"), ("バイオ", "Bio"),
)  # fmt: skip
_FUND_NAMES = (
    "全世界株式",
    "米国株式",
    "国内株式",
    "先進国債券",
    "バランス",
    "新興国株式",
    "高配当株",
    "国内債券",
    "金",
    "REIT",
)
_FUND_NAMES_EN = (
    "World Equity", "US Equity", "Japan Equity", "Developed Bond", "Balanced", "Emerging Equity", "High Dividend",
    "Japan Bond", "Gold", "REIT",
)  # fmt: skip

# Tokyo: tick size up to a price (shares outside the fine-tick list); daily limit below a price.
_TOKYO_TICKS = ((3000, 1), (5000, 5), (30_000, 10), (50_000, 50), (300_000, 100), (10**9, 1000))
_HONG_KONG_TICKS = (
    (0.25, 0.001),
    (0.5, 0.005),
    (10, 0.01),
    (20, 0.02),
    (100, 0.05),
    (200, 0.1),
    (500, 0.2),
    (10**9, 0.5),
)
_LIMITS = (
    (100, 30), (200, 50), (500, 80), (700, 100), (1000, 150), (1500, 300), (2000, 400), (3000, 500), (5000, 700),
    (7000, 1000), (10_000, 1500), (15_000, 3000), (20_000, 4000), (30_000, 5000), (50_000, 7000), (10**9, 10_000),
)  # fmt: skip


@dataclass(slots=True)
class Instrument:
    """One thing that can be bought."""

    code: str
    name_ja: str
    name_en: str
    segment: str  # prime standard growth hongkong newyork fund
    market: str  # MIC, empty for funds
    currency: str
    price: float  # at the start of the world; funds: of 10,000 units
    adv: float  # JPY a day; NaN for funds
    lot: int
    volatility: float  # daily
    beta: float
    listed: int = 0  # the day it is first traded, 0 for long ago

    @property
    def kind(self) -> str:
        """The contract's order kind."""
        return "fund" if self.segment == "fund" else "stock"

    @property
    def hours(self) -> Hours:
        """When it trades."""
        return {"hongkong": HONG_KONG, "newyork": NEW_YORK}.get(self.segment, TOKYO)

    @property
    def unit(self) -> float:
        """JPY for one share or unit at price 1."""
        return FX[self.currency] / (10_000 if self.segment == "fund" else 1)

    @property
    def is_thin(self) -> bool:
        """Whether a few accounts can move it."""
        return self.adv < 30e6

    def tick(self, price: float) -> float:
        """The smallest step of its price."""
        if self.segment == "newyork":
            return 0.01
        if self.segment == "fund":
            return 1.0
        table = _HONG_KONG_TICKS if self.segment == "hongkong" else _TOKYO_TICKS
        return table[bisect_left(table, (price, 0.0))][1]

    def on_tick(self, price: float) -> float:
        """The price rounded to its tick, at least one tick."""
        tick = self.tick(price)
        rounded = max(1, round(price / tick)) * tick
        return int(rounded) if tick >= 1 else round(rounded, 3)

    def band(self, previous: float) -> tuple[float, float]:
        """The lowest and highest price of a day, given the last close."""
        if self.segment not in ("prime", "standard", "growth"):
            return previous * 0.2, previous * 5.0
        width = _LIMITS[bisect_right(_LIMITS, (previous, 10**9))][1]
        return max(1.0, previous - width), previous + width


def draw_instruments(draws: Draws, volatility: float) -> list[Instrument]:
    """The whole list of a world, shuffled within each segment by its codes."""
    taken: set[str] = set()
    listed = []
    for segment, (count, median, low, high, price, spread) in _SEGMENTS.items():
        below, above = math.log(median / low) / _Z95, math.log(high / median) / _Z95
        for _ in range(count):
            z = draws.normal()
            adv = median * 1e6 * math.exp(z * (above if z > 0 else below))
            cheaper = 0.7 if adv < 20e6 and segment != "newyork" else 1.0
            listed.append(_share(draws, segment, adv, draws.lognormal(price * cheaper, spread), volatility, taken))
    listed.extend(_fund(draws, n, taken) for n in range(_FUNDS))
    return listed


def _share(draws: Draws, segment: str, adv: float, price: float, volatility: float, taken: set[str]) -> Instrument:
    ja = draws.integer(0, len(_JA) - 1)
    trade = draws.pick(_TRADES)
    thin = max(0.0, math.log10(3e8 / adv)) * 0.15
    own = volatility * draws.lognormal(1.0 + thin, 0.3)
    market, currency = {"hongkong": ("XHKG", "HKD"), "newyork": ("XNYS", "USD")}.get(segment, ("XTKS", "JPY"))
    lot = 100
    if segment == "hongkong":
        lot = draws.weighted((100, 200, 500, 1000, 2000, 4000, 5000, 10_000), (2, 2, 4, 5, 5, 2, 2, 1))
    elif segment == "newyork":
        lot = 1
    code = _code(draws, segment, taken)
    share = Instrument(
        code, _JA[ja] + trade[0], f"{_EN[ja]} {trade[1]}", segment, market, currency, 0.0, float(round(adv)), lot, own,
        max(0.1, draws.normal(0.9, 0.3)),
    )  # fmt: skip
    share.price = share.on_tick(max(price, 0.02 if segment == "hongkong" else 1.5 if segment == "newyork" else 25.0))
    return share


def _fund(draws: Draws, number: int, taken: set[str]) -> Instrument:
    at = number % len(_FUND_NAMES)
    serial = number // len(_FUND_NAMES) + 1
    code = _code(draws, "fund", taken)
    calm = 0.25 if "債券" in _FUND_NAMES[at] else 0.7
    return Instrument(
        code, f"{_FUND_NAMES[at]}インデックス{serial}号", f"{_FUND_NAMES_EN[at]} Index {serial}", "fund", "", "JPY",
        float(round(draws.lognormal(16_000, 0.4))), math.nan, 1, 0.012 * calm, calm,
    )  # fmt: skip


def _code(draws: Draws, segment: str, taken: set[str]) -> str:
    while True:
        if segment == "hongkong":
            code = f"{draws.integer(1, 9999):04d}.HK"
        elif segment == "newyork":
            code = "".join(chr(65 + draws.integer(0, 25)) for _ in range(draws.weighted((2, 3, 4), (1, 5, 5))))
        elif segment == "fund":
            code = f"JP90C000{draws.integer(1000, 9999)}{draws.integer(0, 9)}"
        elif draws.chance(0.08):
            code = f"{draws.integer(130, 499)}{draws.pick('ACDFGHJKLMNPRSTUWXY')}.T"
        else:
            code = f"{draws.integer(1301, 9997)}.T"
        if code not in taken:
            taken.add(code)
            return code


def write_instruments(path: Path, instruments: list[Instrument]) -> None:
    """The contract's reference table; what a fund does not have stays empty."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write("instrument,name_ja,name_en,market,currency,price,adv_jpy\n")
        for each in sorted(instruments, key=lambda i: i.code):
            adv = "" if math.isnan(each.adv) else f"{each.adv:.0f}"
            out.write(f"{each.code},{each.name_ja},{each.name_en},{each.market},{each.currency},{each.price:g},{adv}\n")
