"""The rows of the engine: what an event looks like once its words have become numbers.

An event is one row of `EVENT`. Words with a fixed vocabulary become the small codes below (0 always means «absent or
unknown»); names without one (accounts, instruments) become dense codes by interning; everything else that is only
ever compared for equality (sessions, devices, addresses, ids) becomes a 64-bit hash, 0 when absent.
Numbers that are absent are NaN, never zero.
"""

import numpy as np

# Position in the tuple + 1 is the code in a row; 0 is «absent or unknown».
TYPES = (
    "login.succeeded",
    "login.failed",
    "challenge.passed",
    "challenge.failed",
    "session.ended",
    "setting.changed",
    "order.placed",
    "order.cancelled",
    "order.executed",
    "cash.deposited",
    "cash.swept",
    "withdrawal.requested",
    "withdrawal.paid",
    "account.snapshot",
    "notice.sent",
    "notice.received",
    "owner.confirmed",
    "owner.denied",
    "credentials.reset",
)
(
    LOGIN_SUCCEEDED,
    LOGIN_FAILED,
    CHALLENGE_PASSED,
    CHALLENGE_FAILED,
    SESSION_ENDED,
    SETTING_CHANGED,
    ORDER_PLACED,
    ORDER_CANCELLED,
    ORDER_EXECUTED,
    CASH_DEPOSITED,
    CASH_SWEPT,
    WITHDRAWAL_REQUESTED,
    WITHDRAWAL_PAID,
    ACCOUNT_SNAPSHOT,
    NOTICE_SENT,
    NOTICE_RECEIVED,
    OWNER_CONFIRMED,
    OWNER_DENIED,
    CREDENTIALS_RESET,
) = range(1, 20)

DECIDABLE = ("login.succeeded", "setting.changed", "order.placed", "cash.swept", "withdrawal.requested")

CHANNELS = ("web", "app", "api", "phone", "batch")
WEB, APP, API, PHONE, BATCH = range(1, 6)

METHODS = ("password", "trading_pin", "sms_otp", "email_otp", "totp", "push", "image", "passkey", "pki")
PASSWORD, TRADING_PIN, SMS_OTP, EMAIL_OTP, TOTP, PUSH, IMAGE, PASSKEY, PKI = range(1, 10)

SIDES = ("buy", "sell")
BUY, SELL = 1, 2

KINDS = ("stock", "fund", "bond", "fx", "option", "future")
STOCK, FUND, BOND, FX, OPTION, FUTURE = range(1, 7)

SETTINGS = (
    "password",
    "trading_pin",
    "email",
    "phone",
    "address",
    "mfa",
    "device",
    "payout_account",
    "notice.login",
    "notice.execution",
    "notice.withdrawal",
    "notice.cash",
    "sweep",
    "aggregator",
    "lock",
)
(
    SET_PASSWORD,
    SET_TRADING_PIN,
    SET_EMAIL,
    SET_PHONE,
    SET_ADDRESS,
    SET_MFA,
    SET_DEVICE,
    SET_PAYOUT,
    SET_NOTICE_LOGIN,
    SET_NOTICE_EXECUTION,
    SET_NOTICE_WITHDRAWAL,
    SET_NOTICE_CASH,
    SET_SWEEP,
    SET_AGGREGATOR,
    SET_LOCK,
) = range(1, 16)

# `setting.to`: the two switch positions, anything else that was given, 0 for absent.
TO_ON, TO_OFF, TO_OTHER = 1, 2, 3

# `order.margin` and `order.recurring`: 0 absent, 1 false, 2 true.
NO, YES = 1, 2

# Device classes of a client.
DEVICES = ("desktop", "phone", "tablet", "other")
DESKTOP, HANDSET, TABLET, OTHER_DEVICE = range(1, 5)

# Bits of `client_flags`.
CLIENT_APP, CLIENT_LIBRARY, CLIENT_BOT = 1, 2, 4

# Bits of `net_flags`.
NET_PRIVATE, NET_CGNAT, NET_HOSTING, NET_ANONYMISER, NET_MOBILE, NET_RESERVED = 1, 2, 4, 8, 16, 32

EVENT = np.dtype(
    [
        ("time", "i8"),  # microseconds since 1970-01-01T00:00:00Z
        ("seq", "i8"),  # arrival number in the stream, from 0
        ("id", "u8"),  # hash of the event's id
        ("session", "u8"),
        ("device", "u8"),  # the broker's device id
        ("ip", "u8"),  # the whole address
        ("net", "u8"),  # its /24 (IPv4) or /48 (IPv6)
        ("ua", "u8"),  # the whole user agent
        ("order", "u8"),  # order.id
        ("destination", "u8"),  # cash.destination
        ("quantity", "f8"),
        ("price", "f8"),
        ("notional", "f8"),  # account currency
        ("amount", "f8"),  # cash.amount
        ("cash", "f8"),  # holdings.*
        ("linked_cash", "f8"),
        ("margin_power", "f8"),
        ("rtt_ms", "f4"),
        ("account", "i4"),  # dense code
        ("instrument", "i4"),  # dense code, -1 for none
        ("asn", "u4"),  # autonomous system; where unknown, 2**31 + a hash of the /16 (IPv4) or /32 (IPv6); 0 no address
        ("positions_at", "i4"),  # this event's slice of the batch's positions
        ("positions_n", "i4"),  # -1: no `positions` given
        ("about_at", "i4"),  # this event's slice of the batch's `about` id hashes
        ("about_n", "i4"),
        ("country", "u2"),  # two ASCII letters, high byte first; 0 unknown
        ("browser", "u2"),  # dense code of the browser, app or library family
        ("browser_version", "u2"),  # major version, 0 unknown
        ("os", "u2"),  # dense code of the operating system family
        ("week_minute", "u2"),  # minute of the week in the broker's time zone, Monday 00:00 = 0
        ("market_minute", "i2"),  # minute of the day in the time zone of the instrument's market, -1 unknown
        ("device_class", "u1"),
        ("client_flags", "u1"),
        ("net_flags", "u1"),
        ("type", "u1"),
        ("channel", "u1"),
        ("method", "u1"),
        ("side", "u1"),
        ("kind", "u1"),
        ("margin", "u1"),
        ("recurring", "u1"),
        ("setting", "u1"),
        ("to", "u1"),
        ("notice", "u1"),  # 0 absent, 1 login, 2 execution, 3 withdrawal, 4 cash, 5 setting, 6 anything else
    ],
    align=True,
)

NOTICES = ("login", "execution", "withdrawal", "cash", "setting", "other")
NOTICE_LOGIN, NOTICE_EXECUTION, NOTICE_WITHDRAWAL, NOTICE_CASH, NOTICE_SETTING, NOTICE_OTHER = range(1, 7)

POSITION = np.dtype([("value", "f8"), ("instrument", "i4")], align=True)

# Where each event's own words lie in its batch's text, for the decision that answers it.
SPAN = np.dtype([("id_at", "i8"), ("time_at", "i8"), ("id_n", "i4"), ("time_n", "i4")], align=True)

# Reference data of an instrument, by dense code; NaN and 0 are «unknown».
INSTRUMENT = np.dtype(
    [
        ("adv", "f8"),  # average daily traded value, JPY
        ("price", "f8"),  # reference price, instrument currency
        ("market", "u2"),  # dense code of the market (MIC)
        ("currency", "u2"),  # dense code
    ],
    align=True,
)
