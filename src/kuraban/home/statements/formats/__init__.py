"""The CSV formats that are known, in one explicit list; adding one is a file here and a line below."""

from kuraban.home.statements.formats import (
    monex,
    moomoo,
    nikko,
    nomura,
    rakuten_assets,
    rakuten_trades,
    robinhood,
    sbi_assets,
    sbi_foreign,
    sbi_trades,
    schwab,
)
from kuraban.home.statements.model import Format

FORMATS: tuple[Format, ...] = (
    rakuten_trades.JAPANESE,
    rakuten_trades.AMERICAN,
    rakuten_trades.FUNDS,
    rakuten_assets.BALANCE,
    rakuten_assets.CASH,
    rakuten_assets.DIVIDENDS,
    rakuten_assets.REALISED,
    sbi_trades.TRADES,
    sbi_foreign.FOREIGN,
    sbi_assets.HOLDINGS,
    sbi_assets.CASH,
    sbi_assets.DISTRIBUTIONS,
    sbi_trades.MARGIN_CLOSES,
    monex.HISTORY,
    nomura.HISTORY,
    nikko.HISTORY,
    moomoo.HISTORY,
    schwab.TRANSACTIONS,
    robinhood.ACTIVITY,
)
