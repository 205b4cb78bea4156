"""A simulated broker: owners, a market and thieves, written as events with the truth beside them."""

from kuraban.sim.simulate import Summary, simulate

__all__ = ["Summary", "simulate"]
