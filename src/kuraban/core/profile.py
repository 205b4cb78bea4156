"""What the engine remembers: the rows of an account, of the population, of a network and of an instrument.

One account is one row of `PROFILE` (at most 2 KiB); a session's evidence is kept inside it as one weight a signal.
Counts of habits decay with a half-life of 120 days, so `weight` fields are «recent uses», not totals.
Everything that only has to be recognised again is a 32-bit hash; 0 is an empty slot.
"""

import numpy as np

from kuraban.core.signals.ids import COUNT

SESSIONS, LEAVES, SYSTEMS, CLIENTS, DEVICES, INSTRUMENTS, PENDING = 3, 8, 6, 6, 5, 20, 4
HOUR_BINS = 16  # weekday or weekend × three-hour bins
GAP_BINS = 6  # gap since the session's last act: 10 s, 30 s, 2 min, 10 min, 1 h, longer
MARKETS = 8
KINDS = 7

# Weights and facts of a session are kept as whole numbers, in thousandths.
SCALE = 1000.0

# Session flags.
(
    LOGGED_IN,
    STRONG,
    CHALLENGED,
    ACTED,
    NEW_DEVICE,
    NEW_NETWORK,
    VERY_ODD,
    ODD,
    DENIED,
    ANOMALOUS,
    COUNTED,
    TRADED,
    MACHINE,
) = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
    128,
    256,
    512,
    1024,
    2048,
    4096,
)

SESSION = np.dtype(
    [
        ("id", "u8"),
        ("start", "i8"),  # µs
        ("last", "i8"),  # µs, of the last event
        ("prior", "f4"),  # log-odds before any evidence of its own
        ("base", "f4"),  # the same without what other sessions make suspect
        ("ip", "u4"),
        ("net", "u4"),
        ("asn", "u4"),
        ("ua", "u4"),
        ("device", "u4"),
        ("changed", "u4"),  # bit n: setting n changed in this session
        ("country", "u2"),
        ("browser", "u2"),
        ("os", "u2"),
        ("flags", "u2"),
        ("orders", "u2"),
        ("hosting", "u2"),  # the network's flags
        ("weight", "i2", (COUNT,)),  # log-likelihood ratio of each signal, thousandths of a nat
        ("fact", "u2", (COUNT,)),  # the number its sentence needs
    ],
    align=True,
)

# Places an account's logins came from: addresses with their /24, and the systems above them.
LEAF = np.dtype([("ip", "u4"), ("net", "u4"), ("weight", "f4")], align=True)
SYSTEM = np.dtype([("asn", "u4"), ("weight", "f4"), ("country", "u2")], align=True)
CLIENT = np.dtype([("ua", "u4"), ("weight", "f4"), ("acts", "f4"), ("browser", "u2"), ("os", "u2")], align=True)
DEVICE = np.dtype([("id", "u4"), ("weight", "f4"), ("first", "u4")], align=True)  # first: minutes since 1970
HOLDING = np.dtype([("instrument", "i4"), ("weight", "f4"), ("value", "f4")], align=True)

# What one event would teach or has taught: learned at once when it is plainly the owner's, else after a clean day.
LESSON = np.dtype(
    [
        ("id", "u8"),
        ("session", "u4"),
        ("minute", "u4"),
        ("ip", "u4"),
        ("net", "u4"),
        ("asn", "u4"),
        ("ua", "u4"),
        ("device", "u4"),
        ("instrument", "i4"),
        ("notional", "f4"),
        ("thin", "f4"),  # log10(notional / average daily value), NaN unknown
        ("country", "u2"),
        ("browser", "u2"),
        ("os", "u2"),
        ("week_minute", "u2"),
        ("kind", "u1"),  # 0 empty, 1 login, 2 buy, 3 sell
        ("held", "u1"),  # 1: not learned yet; 0: learned, kept so that it can be unlearned
        ("market", "u1"),
        ("flags", "u1"),  # login: what was new, bit n for level n; buy: NOVEL, NEW_MARKET, ON_MARGIN, OFF_HOURS
    ],
    align=True,
)

NOVEL, NEW_MARKET, ON_MARGIN, OFF_HOURS = 1, 2, 4, 8

# Levels of novelty counted for each account: address, /24, ASN, country, user agent, device.
IP, NET, ASN, COUNTRY, UA, DEV = range(6)
LEVELS = 6

PROFILE = np.dtype(
    [
        ("born", "i8"),  # µs, first event seen
        ("last", "i8"),  # µs, newest event seen
        ("last_login", "i8"),
        ("last_act", "i8"),  # µs, last order, setting, sweep or withdrawal outside a plan
        ("decayed", "i4"),  # day of the last decay of the counts
        ("watch_until", "u4"),  # minutes since 1970
        ("residual", "f4"),  # probability that someone else still has access, outside the live sessions
        ("session", SESSION, (SESSIONS,)),
        ("leaf", LEAF, (LEAVES,)),
        ("system", SYSTEM, (SYSTEMS,)),
        ("client", CLIENT, (CLIENTS,)),
        ("device", DEVICE, (DEVICES,)),
        ("holding", HOLDING, (INSTRUMENTS,)),
        ("lesson", LESSON, (PENDING,)),
        ("hours", "f4", (HOUR_BINS,)),
        ("gaps", "f4", (GAP_BINS,)),
        ("kinds", "f4", (KINDS,)),
        ("markets", "f4", (MARKETS,)),
        ("novel", "f4", (LEVELS,)),  # how often a login showed a value never seen before, by level
        ("expected", "f4", (LEVELS,)),  # and how often logins of comparable accounts would have
        ("machine_asn", "u4"),  # the aggregator or program that logs in on the owner's behalf: network, software,
        ("machine_ua", "u4"),
        ("machine_logins", "f4"),  # how often, and how many of its visits acted
        ("machine_acts", "f4"),
        ("machine_at", "u4"),  # minutes, its last login
        ("machine_next", "u4"),  # network of another program on probation, and since when (minutes)
        ("machine_next_at", "u4"),
        ("logins", "f4"),
        ("with_device", "f4"),  # logins that carried a device id
        ("strong", "f4"),  # sessions with a phishing-resistant factor
        ("challenged", "f4"),  # sessions with any second factor
        ("sessions", "f4"),  # sessions that acted
        ("logged_in", "f4"),  # of those, how many began with a login
        ("traded", "f4"),  # visits that led to an order
        ("buys", "f4"),
        ("sells", "f4"),
        ("novel_buys", "f4"),
        ("novel_markets", "f4"),
        ("margins", "f4"),
        ("off_hours", "f4"),
        ("order_days", "f4"),
        ("liquidations", "f4"),  # order days on which at least half was sold
        ("sweeps", "f4"),
        ("withdrawals", "f4"),
        ("size_mean", "f4"),  # of ln(notional of buys)
        ("size_square", "f4"),
        ("thin_mean", "f4"),  # of log10(notional / average daily value) of buys
        ("executions", "f4"),
        ("noticed", "f4"),  # executions whose notice was sent
        ("unnoticed", "f4"),  # executions since the last notice
        ("unnoticed_since", "u4"),  # minutes since 1970 of the oldest of them
        ("failures", "f4"),  # decayed over an hour
        ("failures_at", "u4"),  # minutes
        ("failures_net", "u4"),
        ("reset_at", "u4"),  # minutes, when the broker last replaced the credentials
        ("country", "u2"),  # of the last login, and its time in minutes
        ("country_at", "u4"),
        ("changed_at", "u4", (16,)),  # minutes, when each setting was last changed
        ("destination", "u4"),  # of the last withdrawal
        ("paid_after", "u4"),  # the change of payout account (minutes) after which a withdrawal has been seen
        ("spray_at", "u4"),  # minutes, last success out of a spray
        ("spray", "f4"),  # and what it was worth
        ("cash", "f8"),  # account currency; NaN unknown
        ("linked_cash", "f8"),
        ("margin_power", "f8"),
        ("positions", "f8"),  # total value; NaN unknown
        ("reference", "f4"),  # what the account held before the selling of the last days
        ("window_at", "i8"),  # µs of the last decay of the windows below
        ("sold", "f4"),  # decayed sums over two days
        ("bought", "f4"),
        ("taken", "f4"),  # withdrawn
        ("swept", "f4"),
        ("takes", "f4"),  # number of withdrawals
        ("thin_instrument", "i4"),  # what is being accumulated, and how much over two days
        ("thin_bought", "f4"),
        ("sold_since", "i8"),  # µs, first sale of the window
        ("sold_bin", "u1"),  # highest share bin reached in the window
        ("counted_day", "i4"),  # day already counted in order_days
    ],
    align=True,
)

EXPERIENCES = 5  # by recent logins: first, few, some, many, very many
PLACES, DEVICE_STATES, SOFTWARES = 5, 3, 3  # how new a login's network, device and software are: see habits.pattern
PATTERNS = PLACES * DEVICE_STATES * SOFTWARES
COHORTS = 5  # by recent orders: none, few, some, many; and those known too shortly to tell
SHARE_BINS = 4  # share of holdings sold: reached 20 %, 50 %, 80 %, 95 %
THIN_BINS = 12
ALL_IN_BINS = 5
PRICE_BINS = 5
LINES, LATENCY_BINS = 3, 12
HASHED_SYSTEMS = 8192
HASHED_AGENTS = 8192
HASHED_FAMILIES = 1024
COUNTRIES = 677

# Shares and rates of all owners together; decayed with a half-life of 60 days of event time.
POPULATION = np.dtype(
    [
        ("day", "i4"),
        ("events", "i8"),
        ("logins", "f8"),
        ("machine_logins", "f8"),  # by programs, and those among them by one not seen on the account before
        ("machine_new", "f8"),
        ("with_device", "f8"),
        ("systems", "f8", (HASHED_SYSTEMS,)),
        ("countries", "f8", (COUNTRIES,)),
        ("agents", "f8", (HASHED_AGENTS,)),
        ("browsers", "f8", (HASHED_FAMILIES,)),
        ("oses", "f8", (HASHED_FAMILIES,)),
        ("hours", "f8", (HOUR_BINS,)),
        ("experienced", "f8", (EXPERIENCES,)),  # logins by experience, the base of `novel`
        ("novel", "f8", (EXPERIENCES, LEVELS)),
        ("pattern_seen", "f8", (2, PATTERNS)),  # logins, of young and seasoned accounts, by what was new at once
        ("pattern_expected", "f8", (2, PATTERNS)),  # how many there would be if one novelty told nothing of another
        ("buys", "f8", (COHORTS,)),
        ("novel_buys", "f8", (COHORTS,)),
        ("novel_markets", "f8", (COHORTS,)),
        ("margins", "f8", (COHORTS,)),
        ("off_hours", "f8", (COHORTS,)),
        ("orders", "f8", (COHORTS,)),
        ("visits", "f8", (COHORTS,)),  # logins, and those that led to an order
        ("traded", "f8", (COHORTS,)),
        ("gaps", "f8", (COHORTS, GAP_BINS)),
        ("thin", "f8", (COHORTS, THIN_BINS)),
        ("prices", "f8", (COHORTS, PRICE_BINS)),
        ("latency", "f8", (LINES, LATENCY_BINS)),
        ("all_in", "f8", (COHORTS, ALL_IN_BINS)),
        ("order_days", "f8"),
        ("reached", "f8", (SHARE_BINS,)),
        ("today_days", "f8"),
        ("today_reached", "f8", (SHARE_BINS,)),
        ("rotated", "f8"),  # windows with half sold that went on to a novel buy, and those windows
        ("half_sold", "f8"),
        ("sessions", "f8"),  # sessions that acted
        ("linked", "f8"),  # of those, on accounts with money in a linked bank
        ("changes", "f8", (16,)),
        ("sweeps", "f8"),
        ("withdrawals", "f8"),
        ("fresh_payouts", "f8"),  # withdrawals within 30 days of a payout change
        ("novel_odd", "f8"),  # among novel buys, those by odd sessions
        ("novel_all", "f8"),
        ("today_odd", "f8"),
        ("today_novel", "f8"),
        ("recent_novel", "f8"),  # novel buys of all names, decayed like a crowd
        ("recent_at", "i8"),
        ("attempts", "f8"),
        ("failures", "f8"),
    ],
    align=True,
)

MEMBERS = 16

NETWORKS = 1 << 16
NETWORK = np.dtype(
    [
        ("key", "u8"),
        ("last", "i8"),  # µs
        ("failed", "u8"),  # linear-counting bitmaps of distinct accounts
        ("succeeded", "u8"),
        ("failed_old", "u8"),  # the same for the window before
        ("succeeded_old", "u8"),
        ("window", "i4"),  # number of the current window
        ("suspicion", "f4"),  # decayed sum of probability of other accounts' sessions seen here
        ("visitors", "f4"),  # decayed count of their sessions
        ("by", "i4"),  # account that last added suspicion
        ("named", "i4"),  # day a spray was named here, 0 none
        ("at", "u1"),
        ("member", "i4", (8,)),  # accounts that succeeded here lately
        ("member_at", "u4", (8,)),  # minutes
    ],
    align=True,
)

CROWD = np.dtype(
    [
        ("first", "i8"),
        ("price", "f8"),  # slow average of traded prices, instrument currency
        ("priced", "i8"),
        ("rate", "f4"),  # novel buyers a day, decayed over 20 days
        ("rate_at", "i8"),
        ("ring_day", "i4"),  # day the present ring was named, 0 none
        ("ring_at", "i8"),
        ("at", "u1"),
        ("member", "i4", (MEMBERS,)),  # accounts for which buying this was novel, newest overwrites oldest
        ("member_at", "i8", (MEMBERS,)),
        ("member_session", "u4", (MEMBERS,)),
        ("odd", "f4", (MEMBERS,)),  # how odd each one's own session was, 0..1
        ("told", "f4", (MEMBERS,)),  # evidence already told to that member
        ("organic", "f4"),  # decayed (3 days) count of novel buyers, beyond the members kept
        ("organic_odd", "f4"),
        ("organic_at", "i8"),
    ],
    align=True,
)

DECISION = np.dtype(
    [
        ("row", "i8"),  # index of the event in its batch, -1 when evidence came from elsewhere
        ("cause", "i8"),  # index of the event that led to it, the same unless evidence came from elsewhere
        ("time", "i8"),
        ("account", "i4"),
        ("action", "u1"),  # 0 allow, 1 notify, 2 challenge, 3 hold, 4 lock
        ("group_kind", "u1"),  # 0 none, 1 ring, 2 spray
        ("group_day", "i4"),
        ("group_key", "i8"),  # instrument code, or the network's key
        ("probability", "f8"),
        ("exposure", "f8"),
        ("before", "f8"),  # log-odds of the session before this event
        ("after", "f8"),
        ("prior", "f8"),  # of the session, before any of its evidence
        ("cost", "f8", (5,)),
        ("asn", "u4"),
        ("country", "u2"),
        ("browser", "u2"),
        ("os", "u2"),
        ("hosting", "u2"),
        ("instrument", "i4"),
        ("flags", "u2"),
        ("selling", "i4"),  # minutes since the first sale of the window
        ("changed", "u4"),  # settings changed in the session, as bits
        ("cold", "u1"),  # 1: too little history, the cohort spoke for the owner
        ("weight", "i2", (COUNT,)),
        ("fact", "u2", (COUNT,)),
    ],
    align=True,
)
