"""The words for rows that are no events, and for what could not be read."""

from kuraban.home.model import Words

PASSED: dict[str, Words] = {
    "dividend": Words("配当・分配金などの受取", "a dividend or distribution"),
    "reinvested": Words("分配金などの自動再投資", "a distribution reinvested by itself"),
    "shares_in": Words("株式などの入庫", "securities moved in"),
    "shares_out": Words("株式などの出庫", "securities moved out"),
    "taken_over": Words("信用建玉の現引・現渡", "a margin position settled by delivery"),
    "internal": Words("証券会社の中での資金の振替", "money moved inside the broker"),
    "swept_back": Words("提携銀行へ自動で戻された資金", "money moved back to the linked bank by itself"),
    "fee": Words("手数料・費用", "a fee"),
    "tax": Words("税金の支払・還付", "tax paid or refunded"),
    "interest": Words("金利・貸株料などの受払", "interest"),
    "split": Words("株式分割・併合などの調整", "a split or other adjustment"),
    "redeemed": Words("償還", "redeemed at maturity"),
    "failed_order": Words("受け付けられなかった注文", "an order that was not accepted"),
    "working_order": Words("約定前の注文", "an order still working"),
    "balance": Words("残高の表示", "a balance"),
    "in_history": Words("取引履歴と同じ取引の別表示", "the same trade as in the trade history"),
    "summary": Words("集計の行", "a summary"),
    "not_traded": Words("取引ではない記録", "a record that is no trade"),
}

PROBLEMS: dict[str, Words] = {
    "missing": Words("ファイルがありません", "there is no such file"),
    "not_a_file": Words("ふつうのファイルではありません", "this is not an ordinary file"),
    "not_allowed": Words("ファイルを読む権限がありません", "no permission to read the file"),
    "io": Words("ファイルを読めません", "the file cannot be read"),
    "too_long": Words("1行が長すぎます", "the line is too long"),
    "bad_encoding": Words("文字コードが壊れています", "the line is in no known encoding"),
    "too_many_cells": Words("列が多すぎます", "the line has too many columns"),
    "not_csv": Words("CSVとして読めません", "the line is not CSV"),
    "column_count": Words("列の数が見出しと合いません", "the number of columns differs from the header's"),
    "before_header": Words(
        "見出しより前に取引らしい行があります", "a row that looks like data stands before the header"
    ),
    "strange_row": Words("取引でも見出しでもない行です", "the line is neither a row nor a heading"),
    "unknown_format": Words("この CSV の形式は分かりません", "this CSV format is not known"),
    "empty": Words("空のファイルです", "the file is empty"),
    "too_many_holdings": Words("保有銘柄が多すぎます", "there are too many holdings"),
    "too_many_rows": Words(
        "行が多すぎるため、ここから先は読んでいません", "too many rows: nothing beyond this line was read"
    ),
}
