"""The page that holds what the supervisors ask of an online broker against what Kuraban does, in two languages.

The measures stand in `guideline.toml`, after public summaries of two documents: the comprehensive guidelines for
supervision of financial instruments business operators (Financial Services Agency) and the guidelines for preventing
unauthorised access in internet trading (Japan Securities Dealers Association), both final on 15 October 2025.
"""

import tomllib
from pathlib import Path

from pages.markdown import table

MEASURES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["measure"]
STATUS = {
    "required": ("必須", "required"),
    "required-draft": ("必須(案)", "required (draft)"),
    "required-unsure": ("必須(要確認)", "required (to be checked)"),
    "desirable-draft": ("望ましい(案)", "desirable (draft)"),
    "draft": ("案", "draft"),
    "listed": ("2021年に例示", "listed in 2021"),
    "offered": ("–", "–"),
}
PART = {
    "covers": ("担う", "covers"),
    "supports": ("支える", "supports"),
    "leaves": ("証券会社が行う", "leaves to the broker"),
}

HEAD = """# 監督当局の求める措置との対応 / The supervisors' guidelines

証券会社のインターネット取引について当局と業界団体が求める措置のうち、蔵番が**担う**もの、**支える**もの、**証券会社が行う**ものの
一覧です。措置は、次の二つについて公表されている要約をもとに、このプロジェクトの言葉で書いたものです。
**準拠を主張する前に、必ず原文と突き合わせてください。**

What authorities and the industry's own body ask of online brokers, and which of it Kuraban **covers**, **supports** or
**leaves to the broker**. The measures are in this project's words, after public summaries of the two documents below.
**Check each row against the originals before you claim to comply.**

- 金融庁「金融商品取引業者等向けの総合的な監督指針」/ Financial Services Agency (FSA), comprehensive guidelines for
  supervision of financial instruments business operators; amendment final on 2025-10-15
- 日本証券業協会「インターネット取引における不正アクセス等防止に向けたガイドライン」/ Japan Securities Dealers
  Association (JSDA), guidelines for preventing unauthorised access in internet trading; revision final on 2025-10-15

必須: 求められる · 望ましい · 案: 2025年7月の案の要約でだけ確かめられたもの · 要確認: 転載された情報だけのもの ·
–: 各社が提供しているが、規定は確かめられていないもの。
Required · desirable · draft: seen only in summaries of the draft of July 2025 · to be checked: known from relayed
reports only · –: brokers offer it, no rule confirmed.
"""
HEADINGS = {
    "ja": ("", "措置", "位置づけ", "蔵番", "内容と場所"),
    "en": ("", "measure", "status", "Kuraban", "what it does, and where"),
}


def page() -> str:
    """The whole page: one table a language, row by row the same."""
    return "\n".join([HEAD, "## 日本語", "", *_table("ja"), "", "## English", "", *_table("en")]) + "\n"


def _table(language: str) -> list[str]:
    at = ("ja", "en").index(language)
    rows = [
        (
            str(number),
            each[language],
            STATUS[each["status"]][at],
            f"**{PART[each['part']][at]}**",
            each[f"does_{language}"],
        )
        for number, each in enumerate(MEASURES, 1)
    ]
    return table(HEADINGS[language], rows)
