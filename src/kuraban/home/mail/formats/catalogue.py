"""The list of formats that are read, in the order in which they are tried. A new format is one more line here."""

from kuraban.home.mail.formats import (
    esmart_execution,
    fidelity_execution,
    ib_execution,
    ib_option_execution,
    monex_execution,
    rakuten_code,
    rakuten_fund_execution,
    rakuten_jp_execution,
    rakuten_plan_next,
    rakuten_plan_set,
    rakuten_us_execution,
    robinhood_execution,
    robinhood_execution_older,
    sbi_code,
    sbi_execution,
    sbi_execution_older,
    sbi_margin_call,
    schwab_econfirm,
    schwab_login,
)
from kuraban.home.mail.formats.model import Format

FORMATS: tuple[Format, ...] = (
    rakuten_code.FORMAT,
    rakuten_jp_execution.FORMAT,
    rakuten_us_execution.FORMAT,
    rakuten_fund_execution.FORMAT,
    rakuten_plan_set.FORMAT,
    rakuten_plan_next.FORMAT,
    sbi_code.FORMAT,
    sbi_execution.FORMAT,
    sbi_execution_older.FORMAT,
    sbi_margin_call.FORMAT,
    monex_execution.FORMAT,
    esmart_execution.FORMAT,
    ib_option_execution.FORMAT,
    ib_execution.FORMAT,
    schwab_econfirm.FORMAT,
    schwab_login.FORMAT,
    fidelity_execution.FORMAT,
    robinhood_execution.FORMAT,
    robinhood_execution_older.FORMAT,
)

BY_ID = {known.id: known for known in FORMATS}
