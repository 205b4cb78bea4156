"""The list of formats that are read, in the order in which they are tried. A new format is one more line here."""

from kuraban.home.mail.formats import (
    rakuten_code,
    rakuten_fund_execution,
    rakuten_jp_execution,
    rakuten_plan_next,
    rakuten_plan_set,
    rakuten_us_execution,
)
from kuraban.home.mail.formats.model import Format

FORMATS: tuple[Format, ...] = (
    rakuten_code.FORMAT,
    rakuten_jp_execution.FORMAT,
    rakuten_us_execution.FORMAT,
    rakuten_fund_execution.FORMAT,
    rakuten_plan_set.FORMAT,
    rakuten_plan_next.FORMAT,
)

BY_ID = {known.id: known for known in FORMATS}
