"""The kinds of owners and the rhythms of their days."""

from dataclasses import dataclass

SEGMENTS = ("dormant", "saver", "casual", "active", "day_trader", "margin_user", "foreign_fan", "penny_fan")


@dataclass(frozen=True, slots=True)
class Habits:
    """What distinguishes one kind of owner (all assumptions; real retail order data is not public)."""

    visits: float  # a day
    trades: float  # chance that a visit brings orders
    orders: float  # mean orders of such a visit
    wealth: float  # factor on the world's median
    size: float  # median order as a share of wealth
    novelty: float  # chance that a buy is of something never held
    pools: tuple[float, float, float, float]  # tokyo, hongkong, newyork, cheap
    funds: float  # chance to hold funds
    positions: tuple[int, int]
    cash: float  # mean share of wealth in cash


HABITS = {
    "dormant": Habits(0.006, 0.15, 1.3, 0.5, 0.25, 0.3, (1, 0.04, 0.05, 0.05), 0.35, (0, 5), 0.35),
    "saver": Habits(0.06, 0.04, 1.2, 0.8, 0.12, 0.4, (1, 0.02, 0.2, 0.01), 1.0, (0, 2), 0.08),
    "casual": Habits(0.18, 0.15, 1.4, 1.0, 0.12, 0.25, (1, 0.04, 0.12, 0.04), 0.4, (2, 9), 0.2),
    "active": Habits(0.9, 0.24, 1.8, 1.6, 0.08, 0.2, (1, 0.05, 0.15, 0.06), 0.35, (3, 14), 0.2),
    "day_trader": Habits(2.1, 0.75, 3.2, 2.2, 0.12, 0.15, (1, 0.01, 0.03, 0.15), 0.1, (2, 8), 0.45),
    "margin_user": Habits(0.9, 0.3, 1.8, 1.8, 0.12, 0.2, (1, 0.02, 0.05, 0.12), 0.15, (3, 10), 0.3),
    "foreign_fan": Habits(0.5, 0.2, 1.6, 1.5, 0.1, 0.2, (0.3, 0.5, 0.6, 0.02), 0.25, (3, 12), 0.2),
    "penny_fan": Habits(1.0, 0.35, 1.8, 0.5, 0.2, 0.35, (0.25, 0.06, 0.02, 1.0), 0.1, (2, 8), 0.2),
}
POOLS = ("tokyo", "hongkong", "newyork", "cheap")

# Weight of each hour of the day in the lives of five kinds of people (assumption).
RHYTHMS = (
    (2, 1, 0, 0, 0, 2, 6, 9, 10, 6, 4, 4, 10, 5, 3, 3, 3, 4, 6, 7, 8, 9, 9, 6),  # commutes
    (0, 0, 0, 0, 0, 1, 2, 4, 12, 16, 12, 9, 7, 9, 9, 8, 5, 2, 2, 2, 2, 2, 2, 1),  # follows the market
    (3, 1, 0, 0, 0, 0, 1, 2, 2, 2, 1, 1, 3, 2, 1, 1, 1, 2, 5, 9, 13, 15, 13, 8),  # evenings
    (0, 0, 0, 0, 1, 3, 5, 6, 8, 10, 9, 8, 5, 6, 7, 7, 6, 4, 3, 3, 2, 2, 1, 0),  # retired
    (9, 8, 5, 3, 1, 0, 0, 0, 1, 2, 3, 3, 4, 4, 3, 3, 3, 3, 4, 5, 6, 8, 9, 10),  # up at night
)
