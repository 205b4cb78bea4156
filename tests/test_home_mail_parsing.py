"""Any bytes become a message: encodings as Japanese mail uses them, and nothing that costs more than its size."""

import base64
import quopri
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.home.mail import charsets, headers, html, parsing
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.reading import read_letter, read_strictly
from mail_writer import context, mail, word

JAPANESE = "楽天証券　約定：①㈱髙島屋 ～ ｱｲｳ 100株"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ("Shift_JIS", "cp932"),
        ("Windows-31J", "cp932"),
        ("EUC-JP", "euc_jp"),
        ("iso-2022-jp", "iso2022_jp"),
    ],
)
def test_the_encodings_of_japanese_mail_are_read(charset: str, codec: str) -> None:
    text = "約定単価：3,139円（口）"
    assert charsets.decode(text.encode(codec), charset) == text


def test_vendor_characters_in_iso_2022_jp_survive() -> None:
    # What mailers label ISO-2022-JP holds the vendor rows of CP932, which Python's strict codec refuses.
    data = b"\x1b$B-!-j|b\x1b(B 100"
    assert charsets.decode(data, "iso-2022-jp") == "①㈱髙 100"


def test_half_width_kana_in_iso_2022_jp_are_read() -> None:
    assert charsets.decode(b"\x1b$B-!\x1b(I123\x1b(B", "iso-2022-jp") == "①ｱｲｳ"


@pytest.mark.parametrize("charset", [None, "", "x-unknown", "us-ascii", "utf-7", "unicode_escape", "idna", "8bit"])
@pytest.mark.parametrize("codec", ["utf-8", "cp932", "iso2022_jp"])
def test_a_missing_or_wrong_charset_is_guessed(charset: str | None, codec: str) -> None:
    assert charsets.decode("約定のお知らせです。".encode(codec), charset) == "約定のお知らせです。"


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "utf-16", "", "x"]))
def test_no_bytes_are_an_error_in_any_charset(data: bytes, charset: str) -> None:
    charsets.decode(data, charset)


@given(st.text(alphabet="約定のお知らせ楽天証券ABC 123", max_size=40), st.sampled_from(["utf-8", "iso-2022-jp"]))
def test_a_subject_comes_back_as_it_was_encoded(text: str, charset: str) -> None:
    flat = " ".join(text.split())
    assert parsing.parse(b"Subject: " + word(flat, charset) + b"\r\n\r\n").subject == flat


def test_a_subject_cut_within_a_character_is_joined_before_it_is_read() -> None:
    data = "国内株式の注文が約定しました".encode()
    words = [b"=?utf-8?B?" + base64.b64encode(part) + b"?=" for part in (data[:10], data[10:23], data[23:])]
    assert headers.decode_words(b"\r\n ".join(words)) == "国内株式の注文が約定しました"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"=?iso-2022-jp?B?GyRCTHNEahsoQg==?=", "約定"),
        (b"=?UTF-8?Q?=E7=B4=84_a?= b", "約 a b"),
        (b"=?utf-8?B?5w==?=", "�"),
        (b"=?utf-8?B?!!!?=", ""),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"=?unknown?B?57SE?=", "約"),
        (b"plain", "plain"),
        ("生の日本語".encode(), "生の日本語"),
    ],
)
def test_encoded_words_are_read_and_malformed_ones_left(value: bytes, expected: str) -> None:
    assert headers.decode_words(value).replace("\ufffd", "�") == expected


def alternatives(plain: bytes, rich: bytes) -> bytes:
    return (
        b'Subject: x\r\nContent-Type: multipart/alternative; boundary="b 1"\r\n\r\npreamble\r\n--b 1\r\n'
        b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + plain + b"\r\n--b 1\r\n"
        b"Content-Type: text/html; charset=shift_jis\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(rich)
        + b"\r\n--b 1--\r\nepilogue"
    )


def test_both_texts_of_a_mail_are_read_and_the_plain_one_comes_first() -> None:
    message = parsing.parse(alternatives("約定".encode("iso2022_jp"), "<b>約定</b>".encode("cp932")))
    assert (message.plain.strip(), message.rich.strip(), message.text.strip()) == ("約定", "約定", "約定")


def test_attached_files_and_mails_are_not_opened() -> None:
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nbody\r\n--b\r\n'
        b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=x.txt\r\n\r\nattached\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n--b--\r\n"
    )
    assert parsing.parse(raw).text.strip() == "body"


def test_html_becomes_text_with_cells_and_lines_and_links_with_what_they_show() -> None:
    reading = html.read(
        "<html><head><title>t</title><style>p{}</style></head><body><!-- hidden --><p>約定単価：3,139円<br>次</p>"
        "<table><tr><th>口座区分</th><td>特定&amp;一般</td></tr></table>"
        "<script>alert('x')</script><a href='https://a.example/?x=1&amp;y=2'>見る<img src=x></a> end"
    )
    assert reading.text == "約定単価：3,139円\n次\n口座区分\t特定&一般\t\n見る end"
    assert reading.links == (html.Link("https://a.example/?x=1&y=2", "見る"),)


def test_a_link_with_a_bracket_in_its_address_is_read_whole() -> None:
    reading = html.read('<a title="a>b" href="https://a.example/?q=<x>">text</a>')
    assert reading.links == (html.Link("https://a.example/?q=<x>", "text"),)


@pytest.mark.parametrize(
    "tag",
    [
        '<a title="href=https://a.example/" href="https://b.example/">',
        "<a data-href='https://a.example/' HREF = https://b.example/ href=https://c.example/>",
        "<A/href='https://b.example/'>",
        '<a\n href="\thttps://b.exam\nple/ ">',
        '<a href="&#104;ttps://b.example/">',
        "<form action='https://b.example/'>",
        "<button formaction='https://b.example/'>",
    ],
)
def test_a_link_leads_where_a_browser_would_go(tag: str) -> None:
    assert [link.address for link in html.read(tag + "text").links] == ["https://b.example/"]


def test_addresses_in_plain_text_are_links() -> None:
    found = html.links_of_text("（https://www.sbisec.co.jp/）と「https://a.example/x」。")
    assert [link.address for link in found] == ["https://www.sbisec.co.jp/", "https://a.example/x"]


@given(st.text(alphabet="<>a/'\"= &;!-href\n", max_size=300))
def test_no_html_is_an_error_and_its_text_is_never_longer(source: str) -> None:
    assert len(html.read(source).text) <= len(source) + source.count("<")


BOMBS = {
    "nested parts": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(3000)
    ),
    "many parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 100_000,
    "one boundary again and again": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' * 20_000,
    "many header lines": b"X: y\r\n" * 200_000,
    "a long header": b"Subject: " + b"=?utf-8?B?44GC?= " * 60_000,
    "a long folded header": b"From: " + b"a@b.c,\r\n " * 100_000,
    "blanks in a signature": b"DKIM-Signature: b=" + b" \r\n " * 100_000 + b"\r\nFrom: <a@sbisec.co.jp>\r\n\r\n",
    "open tags": b"Content-Type: text/html\r\n\r\n" + b'<a href="' * 200_000,
    "open comments": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 400_000,
    "closing brackets": b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
    "quotes and brackets": b"Content-Type: text/html\r\n\r\n" + b"<\">'" * 300_000,
    "many links": b"Content-Type: text/html\r\n\r\n" + b"<a href=//%d.rakuten-sec.x.jp>x</a>" * 40_000,
    "styles that never end": b"Content-Type: text/html\r\n\r\n" + b"<style>" * 200_000,
    "equal signs": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 1_500_000,
    "colons": b"From: " + b":" * 60_000 + b"\r\n\r\n",
    "parentheses": b"From: " + b"(" * 60_000 + b"\r\nAuthentication-Results: " + b"(" * 60_000 + b"\r\n\r\n",
    "at signs": b"From: " + b"@a" * 30_000 + b"\r\n\r\n",
    "quotes": b'From: "' + b'\\"' * 30_000 + b"\r\n\r\n",
    "no line ends": b"Subject: x\r\n\r\n" + b"a" * 3_000_000,
    "no blanks in a subject": b"Subject: " + b"\xe3\x80\x90" * 20_000 + b"\r\n\r\n",
    "a line of blanks in a notice": (
        b"From: <alert_master@sbisec.co.jp>\r\nSubject: "
        + word("約定通知")
        + "\r\n\r\n銘柄\r\n".encode()
        + b" " * 900_000
    ),
    "a notice that begins again and again": (
        b"From: <noreply@robinhood.com>\r\nSubject: Your order has been executed\r\n\r\n"
        + b"Your order to buy was executed on " * 25_000
    ),
    "a notice of blank lines": (
        b"From: <service@rakuten-sec.co.jp>\r\nSubject: "
        + word("【投資信託】積立購入が完了しました")
        + b"\r\n\r\n"
        + "購入金額\r\n".encode()
        + b"a\r\n\r\n\r\n" * 100_000
    ),
    "amounts": "Subject: 出金受付\r\nFrom: <a@sbisec.co.jp>\r\n\r\n".encode() + "出金".encode() * 100_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_mail_costs_little_time(name: str) -> None:
    began = time.process_time()
    read_strictly(BOMBS[name][: 4 * 1024 * 1024], "x", context())
    assert time.process_time() - began < 3.0


def test_limits_that_were_hit_are_told() -> None:
    letter = read_letter(BOMBS["nested parts"], "x", context())
    assert "nested too deep, read in part" in [words.en for words in letter.problems]
    letter = read_letter(BOMBS["many parts"], "x", context())
    assert "too many parts, read in part" in [words.en for words in letter.problems]
    letter = read_letter(mail("<a@b.example>", "x", "y"), "x", context(), whole=False)
    assert [words.en for words in letter.problems] == ["too large, only its beginning was read"]


LINES = st.sampled_from(
    [
        b"From: <service@rakuten-sec.co.jp>",
        b"From: ",
        b"From : x@y",
        b" folded",
        b"Subject: =?iso-2022-jp?B?GyRC?=",
        b'Content-Type: multipart/mixed; boundary="x"',
        b"Content-Type: text/html; charset=iso-2022-jp",
        b"Content-Type: text/plain; charset*=utf-8''%FF",
        b"Content-Type: ;;==;boundary=",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Disposition: attachment",
        b"DKIM-Signature: v=1; d=rakuten-sec.co.jp; s=a; h=from; bh=; b=; a=rsa-sha256",
        b"ARC-Seal: i=1; d=x.example; cv=none",
        b"Authentication-Results: mx.example.jp; dmarc=pass header.from=rakuten-sec.co.jp",
        b"Received: from a by b; Tue, 7 Jul 2026 09:07:30 +0900",
        b"Received: ; Xxx, 99 Zzz 99999 99:99:99 +9999",
        b"Date: Tue, 31 Feb 2026 25:61:00 +0900 (JST (nested))",
        b"--x",
        b"--x--",
        b"",
        b"\x1b$B\x21",
        b"<a href='https://sbisec.x.example'>https://www.sbisec.co.jp",
        b"\x00\xff\x80",
    ]
)


@settings(max_examples=300)
@given(st.lists(LINES | st.binary(max_size=40), max_size=40), st.sampled_from([b"\r\n", b"\n", b"\r"]), st.booleans())
def test_no_mail_is_an_error_and_none_of_these_verifies_by_itself(lines: list[bytes], end: bytes, whole: bool) -> None:
    letter = read_strictly(end.join(lines), "x", MailContext(sealers=frozenset({"x.example"})), whole=whole)
    assert letter.authenticity.verdict != "verified"
    assert all(char.isprintable() for char in letter.subject + letter.sender_name)
