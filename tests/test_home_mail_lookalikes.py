"""Senders and links that are made to be mistaken for a broker's, and honest ones that merely sound like one."""

import pytest

from kuraban.home.mail.authenticity import likeness, links
from kuraban.home.mail.authenticity.domains import distance, organisational, skeleton
from kuraban.home.mail.authenticity.verdict import check_link
from kuraban.home.mail.brokers import BROKERS
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.html import Link
from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Authenticity, Verdict
from mail_writer import context, mail, passes, trace, word

CYRILLIC = "www.r\u0430kuten-sec.co.jp"  # а of the Cyrillic script


@pytest.mark.parametrize(
    ("url", "broker", "code"),
    [
        ("https://www.rakuten-sec.psilixon.example/Login", "rakuten", "brand_left"),
        ("https://hometrade-nomura.kfma2.example/", "nomura", "brand_left"),
        ("https://monex.secuzites.example/", "monex", "brand_left"),
        ("https://sbisec-sapony.z.example/ETGate/loge/", "sbi", "brand_left"),
        ("https://www.rakuten-sec.co.jp.attacker.com/", "rakuten", "official_left"),
        ("https://www-rakuten--sec-co-jp.translate.goog/", "rakuten", "official_left"),
        ("https://rakuten-sec-login.pages.dev/", "rakuten", "brand_inside"),
        ("https://rakuten-sec-member.com/", "rakuten", "brand_inside"),
        ("https://sbiisec.com/", "sbi", "near_miss"),
        ("https://sbsiec.co.jp/", "sbi", "near_miss"),
        ("https://rakuten-soc.co.jp/", "rakuten", "near_miss"),
        ("https://rakuten-sec.com/", "rakuten", "other_suffix"),
        ("https://sblsec.co.jp/", "sbi", "homoglyph"),
        ("https://rakuten-5ec.co.jp/", "rakuten", "homoglyph"),
        (f"https://{CYRILLIC}/", "rakuten", "homoglyph"),
        ("https://xn--rkuten-sec-zqi.co.jp/", "rakuten", "homoglyph"),
        ("https://ｓｂｉｓｅｃ．attacker.com/", "sbi", "brand_left"),
        ("https://www.rakuten-sec.co.jp@attacker.com/", "rakuten", "userinfo"),
        ("https://www.rakuten-sec.co.jp%2Flogin@attacker.com/", "rakuten", "userinfo"),
        ("https:\\\\www.sbisec.co.jp@attacker.com\\", "sbi", "userinfo"),
        ("http://sbisec.attacker.com:8080/", "sbi", "brand_left"),
        ("sbisec.attacker.com/login", "sbi", "brand_left"),
    ],
)
def test_a_lookalike_link_is_called_one_with_its_broker(url: str, broker: str, code: str) -> None:
    found = check_link(url)
    assert (found.verdict, found.broker) == (Verdict.LOOKALIKE, broker)
    assert code in [why.code for why in found.why]


@pytest.mark.parametrize(
    "url",
    [f"https://{host}/" for broker in BROKERS for host in broker.web]
    + [
        "https://www.rakuten-sec.co.jp/web/",
        "https://member4.rakuten-sec.co.jp/",
        "https://site1.sbisec.co.jp/ETGate/",
    ],
)
def test_a_brokers_own_page_is_verified(url: str) -> None:
    assert check_link(url).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    "url",
    [
        "http://www.rakuten-sec.co.jp/",
        "https://user@www.rakuten-sec.co.jp/",
        "https://example.com/",
        "https://www.rakuten.co.jp/",
        "https://www.mitsui.com/",
        "https://192.0.2.7/",
        "https://3232235777/rakuten-sec",
        "javascript:alert(1)",
        "data:text/html,rakuten-sec.co.jp",
        "https://",
        "https://[::1]/",
        "https://[broken/",
        "",
        "\0",
        "mailto:service@rakuten-sec.co.jp",
    ],
)
def test_what_is_neither_a_brokers_nor_a_lookalike_is_left_open(url: str) -> None:
    assert check_link(url).verdict is Verdict.UNVERIFIED


def test_every_reason_is_told_in_both_languages_and_names_the_address() -> None:
    (why, *_) = check_link("https://sbisec.attacker.com/").why
    assert "sbisec.attacker.com" in why.words.ja
    assert "SBI証券" in why.words.ja
    assert "sbisec.attacker.com" in why.words.en
    assert "{" not in why.words.ja + why.words.en


@pytest.mark.parametrize(
    ("address", "text", "code"),
    [
        ("https://attacker.com/x", "https://www.rakuten-sec.co.jp/", "shown_elsewhere"),
        ("https://attacker.com/x", "https_://www.rakuten-sec.co. jp/…", "shown_elsewhere"),
        ("https://attacker.com/x", "ｗｗｗ．ｓｂｉｓｅｃ．ｃｏ．ｊｐ", "shown_elsewhere"),
        ("https://www.sbisec.co.jp/", "https://www.rakuten-sec.co.jp/", "shown_elsewhere"),
        ("https://attacker.com/rakuten", "here", "brand_in_path"),
    ],
)
def test_a_link_whose_text_shows_another_address_is_found(address: str, text: str, code: str) -> None:
    assert code in [finding.code for finding in links.examine(Link(address, text))]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("https://www.rakuten-sec.co.jp/a", "www.rakuten-sec.co.jp"),
        ("https://faq.rakuten-sec.co.jp/", "https://www.rakuten-sec.co.jp/"),
        ("https://click.sbisec.co.jp/u/No/1", "https://www.sbisec.co.jp/"),
        ("mailto:a@example.com", "rakuten-sec.co.jp"),
        ("#top", "rakuten-sec.co.jp"),
    ],
)
def test_a_brokers_own_links_are_left_alone(address: str, text: str) -> None:
    assert links.examine(Link(address, text)) == []


def judged(raw: bytes, given: MailContext | None = None) -> Authenticity:
    return read_letter(raw, "x", given or context()).authenticity


def from_elsewhere(sender: bytes, subject: str = "お知らせ", body: str = "") -> bytes:
    """A mail from a throw-away domain that passes every check for itself."""
    domain = sender.rpartition(b"@")[2].strip(b"> ").decode()
    return mail(sender, subject, body, on_top=trace(passes(domain), f"bounce@{domain}"), kind="text/html")


@pytest.mark.parametrize(
    ("raw", "broker"),
    [
        (from_elsewhere(word("楽天証券") + b" <service_1@515173.example>"), "rakuten"),
        (from_elsewhere(word("ＳＢＩ証券") + b" <a@x.example>"), "sbi"),
        (from_elsewhere(word("S B I 証 券") + b" <a@x.example>"), "sbi"),
        (from_elsewhere(word("SBI\u200b証券") + b" <a@x.example>"), "sbi"),
        (from_elsewhere(word("SBI证券") + b" <a@x.example>"), "sbi"),
        (from_elsewhere(word("野村證券") + b" <a@x.example>"), "nomura"),
        (from_elsewhere(word("ЅВІ証券", "utf-8") + b" <a@x.example>"), "sbi"),
        (from_elsewhere(b'"Rakuten Securities" <a@x.example>'), "rakuten"),
        (from_elsewhere(b'"www.monex.co.jp" <a@x.example>'), "monex"),
        (from_elsewhere(word("マネックス証券") + b" <hankyu-tabimag@hei.hankyu.co.jp>"), "monex"),
        (from_elsewhere(b"<notice@sbi.co.jp>", "【SBI証券】重要なお知らせ"), "sbi"),
        (from_elsewhere(b"<a@x.example>", "【重要】【松井証券】重要なお知らせ未読による制限について"), "matsui"),
        (from_elsewhere(b"<Sbi.masterasakan@rxiol.example>", "[SBI証券] 口座情報更新のご案内"), "sbi"),
        (from_elsewhere(b"<a@x.example>", "【楽天証券】お客様の安全を守るために"), "rakuten"),
        (from_elsewhere(b"<a@x.example>", "【大和証券】配当金が入金されました。"), "daiwa"),
        (from_elsewhere(b"<a@x.example>", "【SMBC日興証券】取引残高報告書のお知らせ"), "nikko"),
        (from_elsewhere(b"<info@rakuten-sec.attacker.com>"), "rakuten"),
        (from_elsewhere(b"<info@sbiisec.com>"), "sbi"),
        (mail("<info@r\u0430kuten-sec.co.jp>", "x"), "rakuten"),
        (mail("<info@xn--rkuten-sec-zqi.co.jp>", "x"), "rakuten"),
        (from_elsewhere(b"<a@x.example>", "h", "www.sbisec.co.jp.x.example/login"), "sbi"),
        (from_elsewhere(b"<a@x.example>", "お知らせ", '<a href="https://sbisec.x.example/">ログイン</a>'), "sbi"),
        (
            from_elsewhere(b"<a@x.example>", "h", '<a href="https://x.example/">https://www.rakuten-sec.co.jp/</a>'),
            "rakuten",
        ),
        (from_elsewhere(b"<a@x.example>", "マネックス証券の件", '<a href="https://monex.x.example/">!</a>'), "monex"),
    ],
)
def test_a_mail_that_borrows_a_brokers_name_is_a_lookalike(raw: bytes, broker: str) -> None:
    found = judged(raw)
    assert (found.verdict, found.broker) == (Verdict.LOOKALIKE, broker)


@pytest.mark.parametrize(
    "raw",
    [
        from_elsewhere(b"<news@kabutan.example>", "楽天証券の手数料が改定", "楽天証券 https://kabutan.example/rakuten"),
        from_elsewhere(b"<point@rakuten.co.jp>", "ポイントのお知らせ", "https://www.rakuten.co.jp/ 楽天証券でも"),
        from_elsewhere(b"<info@mitsui.com>", "お知らせ"),
        from_elsewhere(
            b"<point@pointsite.example>", "【楽天証券】口座開設で10,000ポイント", "https://pointsite.example/"
        ),
        from_elsewhere(b"<news@compare.example>", "[SBI証券] NISAの人気ランキング", "https://compare.example/sbi"),
        from_elsewhere(b"<a@x.example>", "IBKR", "https://www.interactivebrokers.co.jp/"),
        from_elsewhere(word("田中") + b" <tanaka@example.com>", "Re: SBI証券の件"),
        from_elsewhere(word("大和ハウス工業") + b" <info@daiwahouse.co.jp>", "見学会"),
        from_elsewhere(b'"Robinhood Cafe" <hello@robinhoodcafe.example>', "menu"),
        from_elsewhere(b'"Fidelity Life" <hello@life.example>', "insurance"),
        from_elsewhere(b"<info@nomura-clinic.example>", "予約"),
        from_elsewhere(b"<festival@matsuri.example>", "祭"),
    ],
)
def test_an_honest_mail_that_mentions_or_sounds_like_a_broker_is_no_lookalike(raw: bytes) -> None:
    found = judged(raw)
    assert (found.verdict, found.broker) == (Verdict.UNVERIFIED, None)


def test_an_authenticated_mail_that_leads_elsewhere_is_a_lookalike_all_the_same() -> None:
    raw = mail(
        "<noreply@robinhood.com>",
        "Verify your account",
        '<a href="https://robinhood.com.attacker.example/">https://robinhood.com/</a>',
        on_top=trace(passes("robinhood.com")),
        kind="text/html",
    )
    assert judged(raw.replace(b"bounce@example.com", b"bounce@robinhood.com")).verdict is Verdict.LOOKALIKE


def test_a_broker_that_signs_with_another_brokers_name_is_not_believed() -> None:
    raw = mail(word("SBI証券") + b" <x@rakuten-sec.co.jp>", on_top=trace(passes("rakuten-sec.co.jp")))
    assert judged(raw).verdict is Verdict.LOOKALIKE


def test_the_domain_of_a_brokers_own_pages_is_its_own_to_send_from() -> None:
    raw = mail(word("野村證券") + b" <info@nomura.co.jp>", on_top=trace(passes("nomura.co.jp"), "bounce@nomura.co.jp"))
    assert judged(raw).verdict is Verdict.VERIFIED


def test_a_domain_that_a_broker_shares_with_others_stays_unverified_until_the_owner_names_it() -> None:
    # Its pages are at a host of its parent's domain, for which others can send.
    raw = mail("<info@sec.rakuten.com>", on_top=trace(passes("sec.rakuten.com"), "bounce@sec.rakuten.com"))
    found = judged(raw)
    assert (found.verdict, found.broker) == (Verdict.UNVERIFIED, "rakuten")
    assert [why.code for why in found.why] == ["domain_not_known"]
    told = context(mail_domains={"rakuten": ("sec.rakuten.com",)})
    assert judged(raw, told).verdict is Verdict.VERIFIED


def test_a_genuine_mail_that_leads_to_a_firm_named_after_the_broker_is_left_open() -> None:
    raw = mail(
        "<mktg_nws@rakuten-sec.co.jp>",
        "アンケート",
        "https://rakuten-sec.survey.example/q",
        on_top=trace(passes("rakuten-sec.co.jp"), "bounce@rakuten-sec.co.jp"),
    )
    found = judged(raw)
    assert (found.verdict, [why.code for why in found.why]) == (Verdict.UNVERIFIED, ["brand_left", "provider_confirms"])


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("sbisec", "sbisec", 0),
        ("sbisec", "sbsiec", 1),
        ("sbisec", "sbiisec", 1),
        ("monex", "mionery", 3),
        ("a", "abcd", 3),
    ],
)
def test_edits_are_counted_with_swaps_as_one(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == edits


def test_registrable_domains_follow_the_public_suffix_list() -> None:
    assert organisational("bounce2.rakuten-sec.co.jp") == "rakuten-sec.co.jp"
    assert organisational("a.pages.dev") == "a.pages.dev"
    assert organisational("co.jp") == ""
    assert organisational("x" * 300 + ".jp") == ""


def test_the_skeletons_of_lookalikes_are_equal() -> None:
    assert skeleton("rаkuten-sec") == skeleton("rakuten-sec") == skeleton("ｒａｋｕｔｅｎ-sec")
    assert skeleton("rnonex") == skeleton("monex")


def test_no_brokers_own_host_resembles_another() -> None:
    for broker in BROKERS:
        for host in (*broker.web, *broker.mail):
            assert likeness.of_host(host) is None
            assert likeness.of_host("www." + host) is None
