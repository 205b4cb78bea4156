"""What events are called where their source has no words of its own: kinds of acts, settings, sides of orders."""

from kuraban.events import Event
from kuraban.home.model import Words

SETTINGS = {
    "password": ("パスワード", "the password"),
    "trading_pin": ("取引暗証番号", "the trading PIN"),
    "email": ("メールアドレス", "the e-mail address"),
    "phone": ("電話番号", "the phone number"),
    "address": ("住所", "the postal address"),
    "mfa": ("二段階認証", "the second factor"),
    "device": ("登録端末", "a registered device"),
    "payout_account": ("出金先口座", "the payout account"),
    "sweep": ("銀行連携", "the bank link"),
    "aggregator": ("外部サービス連携", "an aggregator's access"),
    "lock": ("口座ロック", "the account lock"),
}
TYPES = {
    "login.succeeded": ("ログイン", "login"),
    "login.failed": ("ログインの失敗", "failed login"),
    "order.placed": ("注文・約定", "order"),
    "withdrawal.requested": ("出金", "withdrawal"),
    "cash.swept": ("銀行連携の入金", "pull over the bank link"),
    "withdrawal.paid": ("出金完了", "withdrawal paid"),
    "cash.deposited": ("入金", "deposit"),
    "order.executed": ("約定", "execution"),
    "account.snapshot": ("保有の一覧", "list of holdings"),
    "notice.received": ("認証などの通知", "a code or another notice"),
}
NOTICES = ("通知メールの設定", "the notices")
UNKNOWN_SETTING = ("登録内容", "a setting")
SIDES = {"buy": ("買い", "bought"), "sell": ("売り", "sold")}


def setting_words(event: Event) -> Words:
    """What a setting is called."""
    name = (event.setting.name if event.setting else None) or ""
    return Words(*(NOTICES if name.startswith("notice.") else SETTINGS.get(name, UNKNOWN_SETTING)))


def event_words(event: Event) -> Words:
    """Which kind of act it is."""
    if event.type == "setting.changed":
        name = setting_words(event)
        return Words(f"{name.ja}の変更", f"{name.en} changed")
    return Words(*TYPES.get(event.type, ("操作", "an act")))


def told_words(event: Event) -> Words:
    """The same with what it is about: side, quantity and instrument, or the amount."""
    kind, order, cash = event_words(event), event.order, event.cash
    ja, en = [kind.ja], [kind.en]
    if order is not None:
        side = SIDES.get(order.side or "", ("", ""))
        what = [f"{order.quantity:,.12g}" if order.quantity is not None else "", order.instrument or ""]
        ja, en = [*ja, side[0], *what], [*en, side[1], *what]
    elif cash is not None and cash.amount is not None:
        ja, en = [*ja, f"{cash.amount:,.0f}円"], [*en, f"¥{cash.amount:,.0f}"]
    return Words(" ".join(filter(None, ja)), " ".join(filter(None, en)))
