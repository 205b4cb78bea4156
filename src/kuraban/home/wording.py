"""Words that commands and pages share: verdicts on mails, kinds of notices, names of brokers."""

from kuraban.home.mail.brokers import BROKERS
from kuraban.home.model import Verdict, Words

VERDICTS = {
    Verdict.VERIFIED: Words("本物(署名を確認)", "genuine (signature checked)"),
    Verdict.UNVERIFIED: Words("本物か確認できない", "cannot be proved genuine"),
    Verdict.FORGED: Words("偽物", "forged"),
    Verdict.LOOKALIKE: Words("偽物(似せたアドレス)", "forged (lookalike address)"),
}
KINDS = {
    "login": Words("ログイン", "login"),
    "execution": Words("約定", "execution"),
    "withdrawal": Words("出金", "withdrawal"),
    "cash": Words("入出金", "cash"),
    "setting": Words("設定変更", "setting"),
    "order": Words("注文", "order"),
    "code": Words("認証コード", "one-time code"),
    "margin_call": Words("追証", "margin call"),
    "plan": Words("積立", "standing purchase"),
    "advertising": Words("広告", "advertising"),
}
BROKER_NAMES = {broker.key: broker.name for broker in BROKERS}


def called(account: str) -> Words:
    """What people call an account: the owner's label; the broker's name where he gave none, so that its key stands."""
    return BROKER_NAMES.get(account, Words(account, account))


def broker_name(key: str, labels: dict[str, str]) -> Words:
    """What the owner calls it, else its own name, else the key."""
    return called(labels.get(key, key))
