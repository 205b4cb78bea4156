"""Why a page of the desk could not do something, in words, by the code of the `ProblemError`.

What the HTTP API says of the same codes stands in `kuraban.server.problems`; these go before.
"""

from collections.abc import Mapping

REFUSED: Mapping[str, tuple[str, str]] = {
    "forbidden-role": ("この操作の権限がありません", "your role does not allow this"),
    "sign-in-again": ("もう一度サインインしてから操作してください", "sign in again first"),
    "reason-needed": ("理由を2,000文字以内で書いてください", "give a reason of at most 2,000 characters"),
    "group-changed": (
        "この画面を開いたあとに口座が増減したか、先に判定されました。何も変わっていません。開き直して確かめてください",
        "accounts joined, left or were judged since this page was opened; nothing was changed, look again",
    ),
    "group-settled": ("判定を待つ口座はもうありません", "no account of it waits for a verdict any more"),
    "verdict-needed": (
        "判定を選び、理由を2,000文字以内で書いてください",
        "choose a verdict and give a reason of at most 2,000 characters",
    ),
    "nobody-chosen": (
        "判定する口座を一つ以上選んでください(一度に10,000まで)",
        "choose at least one account, and at most 10,000",
    ),
    "trial-running": (
        "別の試行が実行中です。終わるのを待つか、中止してください",
        "another trial is running; wait for it or cancel it",
    ),
    "count-running": (
        "別の集計が実行中です。終わってからもう一度押してください",
        "another count is running; try again when it has ended",
    ),
    "no-such-page": ("このアドレスのページはありません", "there is no page at this address"),
    "not-opened-so": (
        "このアドレスは画面のボタンから送信するためのもので、直接は開けません",
        "this address is for a button of a page and cannot be opened by itself",
    ),
    "foreign-form": ("画面が古いか、他のサイトからの送信です。再読み込みしてください", "reload the page and try again"),
}
