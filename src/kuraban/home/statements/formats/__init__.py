"""The CSV formats that are known, in one explicit list; adding one is a file here and a line below."""

from kuraban.home.statements.formats import (
    monex,
    moomoo,
    nikko,
    nomura,
    rakuten_assets,
    rakuten_trades,
    robinhood,
    sbi,
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
    sbi.TRADES,
    sbi.FOREIGN,
    sbi.HOLDINGS,
    sbi.CASH,
    sbi.DISTRIBUTIONS,
    sbi.MARGIN_CLOSES,
    monex.HISTORY,
    nomura.HISTORY,
    nikko.HISTORY,
    moomoo.HISTORY,
    schwab.TRANSACTIONS,
    robinhood.ACTIVITY,
)
