"""Decisions for people and programs: rows of the core become the contract's JSON, with reasons in two languages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from kuraban.columns import Interner
from kuraban.core.layout import (
    METHODS,
    NET_ANONYMISER,
    NET_CGNAT,
    NET_HOSTING,
    NET_MOBILE,
    NET_PRIVATE,
    SETTINGS,
)
from kuraban.core.policy import ACTIONS
from kuraban.core.profile import SCALE
from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS, Signal
from kuraban.plurals import counted
from kuraban.reference.clients import UNKNOWN_NAME, Clients
from kuraban.reference.countries import country_letters, country_name
from kuraban.reference.instruments import Instruments
from kuraban.reference.networks import Networks

# A reason lighter than this (nats) says nothing to a person; more than so many are not read.
LEAST_WEIGHT = 0.2
MOST_REASONS = 6

METHOD_WORDS = {
    "password": ("パスワード", "password"),
    "trading_pin": ("取引暗証番号", "trading PIN"),
    "sms_otp": ("SMS認証コード", "SMS code"),
    "email_otp": ("メール認証コード", "e-mail code"),
    "totp": ("認証アプリ", "authenticator app"),
    "push": ("プッシュ認証", "push prompt"),
    "image": ("絵文字・画像認証", "picture code"),
    "passkey": ("パスキー", "passkey"),
    "pki": ("電子証明書", "client certificate"),
}
SETTING_WORDS = {
    "password": ("パスワード", "password"),
    "trading_pin": ("取引暗証番号", "trading PIN"),
    "email": ("メールアドレス", "e-mail address"),
    "phone": ("電話番号", "phone number"),
    "address": ("住所", "postal address"),
    "mfa": ("追加認証", "second factor"),
    "device": ("登録端末", "registered device"),
    "payout_account": ("出金先口座", "payout account"),
    "notice.login": ("ログイン通知", "login notice"),
    "notice.execution": ("約定通知", "execution notice"),
    "notice.withdrawal": ("出金通知", "withdrawal notice"),
    "notice.cash": ("入出金通知", "cash notice"),
    "sweep": ("銀行連携", "bank link"),
    "aggregator": ("口座集約サービス連携", "aggregator"),
    "lock": ("口座ロック", "account lock"),
}
NETWORK_WORDS = (
    (NET_ANONYMISER, "匿名化サービス", "anonymiser"),
    (NET_HOSTING, "ホスティング", "hosting"),
    (NET_MOBILE, "携帯回線", "mobile"),
    (NET_CGNAT, "共有アドレス", "shared address"),
    (NET_PRIVATE, "社内・私設アドレス", "private address"),
)
UNKNOWN = ("不明", "unknown")
# The fact of `access.device` where a login carried no device id; what is then said, by whether it speaks for a thief.
NO_DEVICE = 1
NO_DEVICE_WORDS = {
    True: ("端末IDがない(この口座ではいつもある)", "no device id, which this account usually has"),
    False: ("端末IDがない(それだけでは疑わしくない)", "no device id, which by itself is not suspicious"),
}
# The fact of `cash.new_payout` is whole hours since the change; 0 also where none is on record.
NEW_PAYOUT_WORDS = (
    "新しい出金先への出金(変更から1時間以内、または変更の記録がない)",
    "a withdrawal to a new payout account, changed within the hour or with no change on record",
)

# The English of sentences that count, where the count is 1.
ONCE = {
    ids.TRAVEL: "another country {fact} minute after the last ({network})",
    ids.FAILURES: "{fact} failed login just before this success",
    ids.SEQUENCE: "{fact} kind of sensitive change",
    ids.NEW_PAYOUT: "a withdrawal {fact} hour after the payout account was changed",
    ids.DORMANT: "an account unused for {fact} day acts",
    ids.NOTICE_MISSING: "{fact} execution notice that was due was not sent",
    ids.RING: "{fact} other suspicious account buying the same instrument",
}

# A decision's fields by name, as in a DECISION row.
Fields = Mapping[str, Any] | np.void


def _list(value: Any) -> list[int]:
    return value if isinstance(value, list) else list(value.tolist())


class Reason(msgspec.Struct, frozen=True):
    """One piece of evidence: weight in log-odds, positive for a thief; its sentence in Japanese and English."""

    signal: str
    weight: float
    ja: str
    en: str


class Decision(msgspec.Struct, frozen=True):
    """The contract's decision. probability 0..1; exposure and expected_loss in account currency."""

    event: str | None
    account: str
    time: str
    probability: float
    exposure: float
    action: str
    expected_loss: float
    reasons: tuple[Reason, ...]
    group: str | None


encoded = msgspec.json.Encoder().encode


class Writer:
    """Turns decision rows into `Decision`s. It holds the names that the rows only have codes of."""

    def __init__(
        self,
        account_name: Callable[[int], str],
        networks: Networks,
        clients: Clients,
        instruments: Instruments[Interner],
    ):
        self._account_name = account_name
        self._networks = networks
        self._clients = clients
        self._instruments = instruments
        self._place = lru_cache(maxsize=65_536)(self._place_words)
        self._client = lru_cache(maxsize=4_096)(self._client_words)

    def place(self, country: int, asn: int, flags: int) -> tuple[str, str]:
        """A connection in words: its country, its network, and what kind of network that is."""
        return self._place(country, asn, flags)

    def decision(self, row: Fields, event: str | None, time: str) -> Decision:
        """One DECISION row, with the event's own id (None when evidence came from elsewhere) and time."""
        probability = float(row["probability"])
        exposure = float(row["exposure"])
        return Decision(
            event,
            self._account_name(int(row["account"])),
            time,
            probability,
            round(exposure),
            ACTIONS[int(row["action"])],
            round(probability * exposure, 2),
            self.reasons(row),
            self.group(row),
        )

    def line(self, row: Fields, event: str | None, time: str) -> bytes:
        """The decision as a line of JSON, without the line break."""
        return encoded(self.decision(row, event, time))

    def reasons(self, row: Fields, most: int = MOST_REASONS) -> tuple[Reason, ...]:
        """The evidence that weighed most, heaviest first."""
        weights = _list(row["weight"])
        facts = _list(row["fact"])
        heavy = sorted(
            (k for k, weight in enumerate(weights) if abs(weight) >= LEAST_WEIGHT * SCALE),
            key=lambda k: (-abs(weights[k]), k),
        )
        found: list[Reason] = []
        for k in heavy:
            signal = SIGNALS[k]
            ja, en = (signal.ja, signal.en) if weights[k] > 0 else (signal.ja_usual, signal.en_usual)
            if ja:
                found.append(self._reason(row, k, weights[k] / SCALE, facts[k], ja, en))
                if len(found) == most:
                    break
        if row["cold"] and found:
            found.append(
                Reason(
                    "cold_start",
                    0.0,
                    "履歴が少なく、似た口座の傾向で判断",
                    "little history: judged by comparable accounts",
                )
            )
        return tuple(found)

    def group(self, row: Fields) -> str | None:
        """The ring or spray a decision belongs to."""
        kind = int(row["group_kind"])
        if kind == 0:
            return None
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(row["group_day"]))).strftime("%Y%m%d")
        if kind == 1:
            return f"ring-{self._instruments.interner.name(int(row['group_key']))}-{day}"
        return f"spray-{day}-{_system(int(row['group_key']))}"

    def _reason(self, row: Fields, k: int, weight: float, fact: int, ja: str, en: str) -> Reason:
        signal = SIGNALS[k]
        if k == ids.DEVICE and fact == NO_DEVICE:
            ja, en = NO_DEVICE_WORDS[weight > 0]
        if k == ids.NEW_PAYOUT and fact == 0:
            ja, en = NEW_PAYOUT_WORDS
        if fact == 1 and "{fact}" in en:
            en = ONCE.get(k, en)
        words: tuple[dict[str, str], dict[str, str]] = ({}, {})
        for i, template in enumerate((ja, en)):
            if "{" in template:
                words[i].update(self._facts(row, k, signal, fact, i))
        return Reason(signal.id, weight, ja.format_map(words[0]), en.format_map(words[1]))

    def _facts(self, row: Fields, k: int, signal: Signal, fact: int, i: int) -> dict[str, str]:
        minutes = int(row["selling"])
        found: dict[str, str] = {"fact": _number(signal.fact, fact, i)}
        if k == ids.LIQUIDATION:
            found["minutes"] = _duration(minutes, i)
        elif k == ids.HOUR:
            found["time"] = f"{fact // 60:02d}:{fact % 60:02d}"
        elif k == ids.CHANGE:
            found["settings"] = _settings(int(row["changed"]), i)
        elif k == ids.CLIENT:
            found["client"] = self._client(int(row["browser"]), int(row["os"]))[i]
        elif k == ids.FACTOR:
            found["method"] = METHOD_WORDS[METHODS[fact - 1]][i] if 0 < fact <= len(METHODS) else UNKNOWN[i]
        elif k == ids.NOVEL_INSTRUMENT:
            # The act that is decided may be about another instrument, or none; codes too large for a fact are its own.
            code = fact - 1 if 0 < fact < 65_535 else int(row["instrument"])
            found["instrument"] = self._instrument(code, i)
        if "network" in (signal.ja + signal.en):
            found["network"] = self._place(int(row["country"]), int(row["asn"]), int(row["hosting"]))[i]
        return found

    def _instrument(self, code: int, i: int) -> str:
        if code < 0:
            return UNKNOWN[i]
        symbol = self._instruments.interner.name(code)
        name = self._instruments.names(code)[i]
        return f"{symbol} {name}" if name and name != symbol else symbol

    def _place_words(self, country: int, asn: int, flags: int) -> tuple[str, str]:
        both: list[str] = []
        for i, lang in enumerate(("ja", "en")):
            parts = [country_name(country, lang) if country_letters(country) else UNKNOWN[i]]  # type: ignore[arg-type]
            name = self._networks.organisation(asn) if asn and asn < 2**31 else None
            if name:
                parts.append(name)
            parts.extend((ja, en)[i] for flag, ja, en in NETWORK_WORDS if flags & flag)
            both.append("、".join(parts) if i == 0 else ", ".join(parts))
        return both[0], both[1]

    def _client_words(self, browser: int, system: int) -> tuple[str, str]:
        words = f"{self._clients.browser_name(browser)} / {self._clients.os_name(system)}"
        return words.replace(UNKNOWN_NAME, UNKNOWN[0]), words.replace(UNKNOWN_NAME, UNKNOWN[1])


def few(value: float) -> str:
    """A number in three figures, without powers of ten: 1,040, 12.3, 0.5."""
    return f"{Decimal(f'{value:.3g}'):,f}"


def _number(kind: str, fact: int, i: int) -> str:
    if kind == "permille":
        return few(fact / 10) if fact < 65_535 else ("6,500以上" if i == 0 else "over 6,500")
    return f"{fact:,}"


def _duration(minutes: int, i: int) -> str:
    if minutes < 1:
        return ("1分以内", "less than a minute")[i]
    if minutes < 120:
        return (f"{minutes}分", counted(minutes, "minute"))[i]
    if minutes > 48 * 60:
        return ("ここ数日", "the last days")[i]
    return (f"{minutes // 60}時間", counted(minutes // 60, "hour"))[i]


def _settings(changed: int, i: int) -> str:
    names = [SETTING_WORDS[name][i] for k, name in enumerate(SETTINGS, start=1) if changed >> k & 1]
    return ("・" if i == 0 else ", ").join(names)


def _system(asn: int) -> str:
    return f"AS{asn}" if 0 < asn < 2**31 else "unknown-network"


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a decision, generated from the types above."""
    (reference,), components = msgspec.json.schema_components([Decision], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:kuraban:schema:decision:1",
        "title": "Kuraban decision",
        **reference,
        "$defs": components,
    }


def taken_apart(writer: Writer, row: Fields) -> dict[str, Any]:
    """Every part of one decision: each signal with its weight and sentence, belief before and after, five costs."""
    weights = _list(row["weight"])
    facts = _list(row["fact"])
    parts = []
    for k in sorted(range(len(weights)), key=lambda k: (-abs(weights[k]), k)):
        if weights[k]:
            signal = SIGNALS[k]
            ja, en = (
                (signal.ja, signal.en) if weights[k] > 0 or not signal.ja_usual else (signal.ja_usual, signal.en_usual)
            )
            reason = writer._reason(row, k, weights[k] / SCALE, facts[k], ja, en)
            parts.append(
                {**msgspec.to_builtins(reason), "low": signal.low, "high": signal.high, "source": signal.source}
            )
    return {
        "prior": float(row["prior"]),
        "before": float(row["before"]),
        "after": float(row["after"]),
        "signals": parts,
        "costs": {name: float(cost) for name, cost in zip(ACTIONS, _list(row["cost"]), strict=True)},
    }
