"""The market: liquidity as published, prices that orders move, crash days, crowds, limits, new listings."""

import math
from datetime import date
from statistics import median

import pytest

from kuraban.sim import times
from kuraban.sim.instruments import Instrument, draw_instruments
from kuraban.sim.market import Market
from kuraban.sim.parameters import WORLDS, draw_world

DAY = times.business_after(times.day_of(date(2025, 5, 7)))
NOON = times.midnight(DAY) + 10 * times.HOUR


@pytest.fixture(scope="module")
def listed() -> list[Instrument]:
    """The instruments of eight worlds together."""
    return [each for seed in range(8) for each in draw_instruments(draw_world("development", seed).draws(1), 0.016)]


@pytest.fixture
def market() -> Market:
    return Market(draw_world("development", 2), DAY, 30, 2000)


@pytest.mark.parametrize(("segment", "million"), [("prime", 228.0), ("standard", 8.4), ("growth", 33.0)])
def test_daily_value_has_the_published_median_of_its_segment(
    listed: list[Instrument], segment: str, million: float
) -> None:
    found = median(each.adv for each in listed if each.segment == segment) / 1e6
    assert found == pytest.approx(million, rel=0.15)


@pytest.mark.parametrize(
    ("segment", "low", "high"), [("prime", 25.0, 7900.0), ("standard", 0.8, 196.0), ("growth", 2.2, 901.0)]
)
def test_nine_in_ten_names_trade_within_the_published_spread(
    listed: list[Instrument], segment: str, low: float, high: float
) -> None:
    values = [each.adv / 1e6 for each in listed if each.segment == segment]
    assert sum(low <= value <= high for value in values) / len(values) == pytest.approx(0.9, abs=0.03)


def test_about_a_quarter_of_japanese_names_trade_under_ten_million_yen(listed: list[Instrument]) -> None:
    tokyo = [each for each in listed if each.market == "XTKS"]
    assert sum(each.adv < 10e6 for each in tokyo) / len(tokyo) == pytest.approx(0.26, abs=0.02)


def test_there_are_hong_kong_and_american_names_and_funds(listed: list[Instrument]) -> None:
    assert {each.currency for each in listed} == {"JPY", "HKD", "USD"}
    assert any(each.code.endswith(".HK") and each.price < 1.0 for each in listed)
    assert any(each.kind == "fund" and math.isnan(each.adv) for each in listed)


def test_buying_pushes_a_thin_price_up_and_the_push_fades(market: Market) -> None:
    n = min(market.cheap, key=lambda n: market.instruments[n].adv)
    before = market.price(n, NOON)
    for _ in range(12):
        market.trade(n, "buy", market.instruments[n].adv)
    pushed = market.price(n, NOON)
    assert pushed > before
    assert market.price(n, NOON + 5 * times.DAY) < pushed * 1.1


def test_a_day_ends_at_its_limit_however_much_is_bought(market: Market) -> None:
    n = market.cheap[0]
    market.price(n, NOON)
    for _ in range(60):
        market.trade(n, "buy", 10 * market.instruments[n].adv)
    assert market.price(n, NOON) == market.limits(n)[1]


@pytest.mark.parametrize("world", WORLDS)
def test_every_kind_of_crowd_gathers_sooner_or_later(world: str) -> None:
    kinds = {crowd.kind for seed in range(6) for crowd in Market(draw_world(world, seed), DAY, 60, 20_000).crowds}
    assert kinds == {"news", "tip", "benefit", "listing", "takeover_bid", "circle"}


def test_crash_days_come_on_business_days_and_take_the_market_down(market: Market) -> None:
    crashed = [Market(draw_world("development", seed), DAY, 120, 100) for seed in range(4)]
    days = [(each, day) for each in crashed for day in each.crash_days]
    assert days
    for each, day in days:
        assert times.is_business(day)
        assert each.crash_days[day] <= -0.035


def test_a_new_listing_is_first_traded_on_its_day() -> None:
    for seed in range(6):
        market = Market(draw_world("development", seed), DAY, 60, 2000)
        new = [crowd for crowd in market.crowds if crowd.kind == "listing"]
        assert all(0 < market.instruments[crowd.instrument].listed <= crowd.first_day for crowd in new)
        assert sum(each.listed > 0 for each in market.instruments) <= len(new)


def test_a_thin_price_stays_on_its_tick_and_above_nothing_over_weeks(market: Market) -> None:
    n = market.cheap[1]
    prices = [market.price(n, NOON + day * times.DAY) for day in range(20)]
    tick = market.instruments[n].tick(min(prices))
    assert min(prices) >= tick
    assert all(price == market.instruments[n].on_tick(price) for price in prices)
