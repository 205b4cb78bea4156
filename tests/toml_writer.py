"""Owners' TOML files as hands write them: every spelling, kinds that take turns, comments anywhere. For Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from kuraban.home.tomlfile import quoted

NAMES = st.one_of(
    st.sampled_from(["楽天", "Gmail", "スマホ", "a b", 'say "x"', "it's", "# no", "[x]", "<b>&amp;</b>"]),
    st.sampled_from(["\u202egpj", "=", "a\nb", " x ", "\ufeff", "{}"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
)
COMMENTS = st.sampled_from(["# 注", "# x = 1", '# "', "# [[broker]]", "#", "# '''", "# ]"])


@st.composite
def values(draw: st.DrawFn, value: Any) -> str:
    """One spelling of a value."""
    if isinstance(value, list):
        items = [draw(values(one)) for one in value]
        if draw(st.booleans()):
            return "[" + ", ".join(items) + draw(st.sampled_from(["", " ,"] if items else [""])) + "]"
        lines = [f"  {item}, {draw(COMMENTS)}" if draw(st.booleans()) else f"  {item}," for item in items]
        return "\n".join(["[", *lines, "]"])
    if isinstance(value, str):
        plain = value.isprintable() and value
        spellings = [quoted(value)]
        if plain and "'" not in value:
            spellings += [f"'{value}'", f"'''{value}'''"]
        if plain and '"' not in value and "\\" not in value:
            spellings.append(f'"""{value}"""')
        return draw(st.sampled_from(spellings))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1000:
        return draw(st.sampled_from([str(value), f"{value:_}", f"{value}.0", hex(value)]))
    return quoted(value)


@st.composite
def statements(draw: st.DrawFn, table: dict[str, Any]) -> list[str]:
    """The keys of a table in any order, with comments and empty lines between."""
    lines = []
    for key in draw(st.permutations(list(table))):
        lines += draw(st.lists(st.one_of(COMMENTS, st.just("")), max_size=1))
        name = draw(st.sampled_from([key, f'"{key}"']))
        tail = f"  {draw(COMMENTS)}" if draw(st.booleans()) else ""
        lines.append(f"{name}{draw(st.sampled_from([' = ', '=']))}{draw(values(table[key]))}{tail}")
    return lines


@st.composite
def written(draw: st.DrawFn, data: dict[str, Any]) -> str:
    """A file that says this. Tables keep the order within their kind; kinds take turns."""
    tables = [(kind, table) for kind, value in data.items() if _tables(value) for table in value]
    inline = draw(st.booleans()) and draw(st.booleans())
    root = {key: value for key, value in data.items() if not _tables(value)}
    lines = draw(st.lists(st.one_of(COMMENTS, st.just("")), max_size=3)) + draw(statements(root))
    kinds = [kind for kind, _ in tables]
    if inline and kinds:
        chosen = draw(st.sampled_from(kinds))
        rows = [", ".join(f"{k} = {quoted(v)}" for k, v in table.items()) for kind, table in tables if kind == chosen]
        if draw(st.booleans()):
            lines += [f"{chosen} = [", *(f"  {{{row}}}, {draw(COMMENTS)}" for row in rows), "]"]
        else:
            lines.append(f"{chosen} = [" + ", ".join(f"{{{row}}}" for row in rows) + "]")
        tables = [(kind, table) for kind, table in tables if kind != chosen]
    turns = draw(st.permutations([kind for kind, _ in tables]))
    waiting = {kind: [table for other, table in tables if other == kind] for kind in turns}
    for kind in turns:
        lines += draw(st.lists(st.one_of(COMMENTS, st.just("")), max_size=2))
        lines.append(f"[[{kind}]]" + (f" {draw(COMMENTS)}" if draw(st.booleans()) else ""))
        lines += draw(statements(waiting[kind].pop(0)))
    lines += draw(st.lists(st.one_of(COMMENTS, st.just("")), max_size=2))
    text = "\n".join(lines) + draw(st.sampled_from(["\n", ""]))
    if draw(st.integers(0, 5)) == 0:
        text = text.replace("\n", "\r\n")
    return ("\ufeff" if draw(st.integers(0, 5)) == 0 else "") + text


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
