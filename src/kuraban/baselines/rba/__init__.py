"""The public login data set for risk-based authentication, with the protocol of its papers.

Wiefling, Jørgensen, Thunem, Lo Iacono: «Pump Up Password Security! Evaluating and Enhancing Risk-Based Authentication
on a Real-World Large-Scale Online Service» (ACM TOPS 26, 2022; data: das-group/rba-dataset, CC BY 4.0): 31 million
logins of 3.3 million users of a Norwegian service. `evaluate` runs our engine and Freeman's method over a copy of the
file; nothing of the data is part of this project.
"""

from kuraban.baselines.rba.protocol import Settings, evaluate
from kuraban.baselines.rba.results import Results, render

__all__ = ["Results", "Settings", "evaluate", "render"]
