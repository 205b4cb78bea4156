"""`kuraban home check PATH…`: one look through mails and exports, with or without a configuration."""

import argparse
from pathlib import Path

from kuraban.cli.home.common import (
    NEEDS_ANSWER,
    Language,
    announce_compiling,
    headline,
    language_of,
    now,
    opened,
    say,
    show,
    show_findings,
    show_json,
    show_words,
)
from kuraban.home import intake, plan
from kuraban.home.checking import NOT_KEPT, Report, check, unkept
from kuraban.home.store import Store
from kuraban.home.wording import VERDICTS, called
from kuraban.plurals import counted

MOST_SHOWN = 5


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "メール(.eml、mbox、Maildir、フォルダ)と証券会社のCSVを一度だけ調べます。何も変更せず、どこにも送りません。\n"
        "Looks once through mails (.eml, mbox, Maildir, folders) and brokers' CSV exports. Nothing is changed or\n"
        "sent; only the public keys of mail signatures are asked for by DNS (not with --offline).\n"
        "Exit status: 0 nothing to answer, 3 something to answer, 1 nothing could be read."
    )
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+")
    parser.add_argument("--json", action="store_true", help="結果をJSONで / the result as JSON")
    parser.add_argument("--full", action="store_true", help="取引を一つも省かない / every act, none left out")
    parser.add_argument("--offline", action="store_true", help="DNSに尋ねない / ask no DNS server")


def run(given: argparse.Namespace) -> int:
    """Check, print, and say by the exit status whether something waits for an answer."""
    folder, config = opened()
    language = language_of(given, config)
    announce_compiling(language)
    there = folder.store.exists()
    keys = intake.open_keys(folder if there else None, online=not given.offline)
    answers, kept_ids = [], set[str]()
    if there:
        kept = Store.open(folder)
        answers, kept_ids = kept.answers(), {alert.finding.id for alert in kept.alerts()}
        kept.close()
    store = Store.in_memory()
    context = intake.contexts(config, keys)
    report = check(given.paths, config, plan.load(folder.plan), answers, context, store, now())
    report = unkept(report, kept_ids)
    store.close()
    if there:
        keys.save(now())
    if given.json:
        show_json(report)
    else:
        _show(report, language, given.full)
    if not report.letters and not report.facts:
        return 1
    return NEEDS_ANSWER if report.light != "green" else 0


def _show(report: Report, language: Language, whole: bool) -> None:
    headline(report.light, say(report.sentence, language))
    total, proved = sum(report.letters.values()), report.letters.get("verified", 0)
    show_words(
        f"   メール {total:,}通(うち証券会社のもの {report.brokers:,}通、本物と証明 {proved:,}通)、"
        f"CSV {report.exports}件、口座の動き {report.acts:,}件を調べました。",
        f"   looked at {counted(total, 'mail')} ({report.brokers:,} of brokers, {proved:,} proved"
        f" genuine), {counted(report.exports, 'export')}, {counted(report.acts, 'act')} on accounts",
        language,
    )
    for letter in report.single:
        show()
        verdict = letter.authenticity.verdict
        show(f"✉ {letter.subject[:80] or '-'}  <{letter.sender}>  {say(VERDICTS[verdict], language)}")
        for why in letter.authenticity.why:
            show(f"     - {say(why.words, language)}")
        for fact in letter.facts:
            if fact.summary is not None:
                show(f"     = {say(fact.summary, language)}")
    show_findings(report.findings, language, whole=whole)
    if any(NOT_KEPT in finding.todo for finding in report.findings):
        show_words(
            "\nこの調べは何も記録しないので、番号に答えることはできません。答えを覚えさせるには "
            "`kuraban home setup` で設定し、`kuraban home watch` で見張りを始め、"
            "`kuraban home status` に出る番号に答えます。",
            "\nThis look keeps nothing, so its ids cannot be answered. To have answers remembered:"
            " `kuraban home setup`, then `kuraban home watch`, and answer the ids that `kuraban home status` shows.",
            language,
        )
    if not report.single:
        _show_forged(report, language)
    for account in report.untold:
        show_words(
            f"\n・{called(account).ja}: 約定通知が届いていません。証券会社の画面でオンにしてください。",
            f"\n・{called(account).en}: no execution notices come; switch them on at the broker",
            language,
        )
    _show_unreadable(report, language)


def _show_forged(report: Report, language: Language) -> None:
    if not report.forged:
        return
    show_words(
        f"\n✉ 偽のメールが {len(report.forged)}通あります。リンクを押さず、消さずに残してください(証拠になります)。",
        f"\n✉ {counted(len(report.forged), 'forged mail')}: open no link, and keep what you have as evidence",
        language,
    )
    for finding in report.forged[-MOST_SHOWN:]:
        show(f"     - {say(finding.sentence, language)}")
        for words in finding.details[:1]:
            show(f"       {say(words, language)}")


def _show_unreadable(report: Report, language: Language) -> None:
    if not report.unreadable:
        return
    show_words(f"\n読めなかったもの {len(report.unreadable)}件:", f"\n{len(report.unreadable)} not readable:", language)
    for problem in report.unreadable[:MOST_SHOWN]:
        show(f"     - {problem.place}: {say(problem.words, language)}")
