"""The owner's forms: what he has and hangs together, and his plan, written from the pages into his own files."""

import html
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from home_owner import at
from home_pages import DAY, HOSTILE, Opened, Owner, opened, quiet, theft, withdrawal
from kuraban.home import hardening, walk
from kuraban.home.findings import Level
from kuraban.home.forms.questions import token

BY_HAND = """\
# わたしの持ち物
[[mailbox]]
name = "Gmail"  # 家族は使わない

# つながった銀行
[[bank]]
name = "楽天銀行"
yen = 2_000_000

[[broker]]
name = "楽天"
broker = "rakuten"
yen = 5_000_000 # だいたい
reset_by = ["Gmail"]

[[device]]
name = "スマホ"
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Opened]:
    owner = Owner(tmp_path)
    reach(owner).write_text(BY_HAND, "utf-8")
    with opened(owner) as found:
        yield found


def reach(owner: Owner) -> Path:
    return owner.folder.path / "reach.toml"


def said(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def fields(page: str, action: str) -> dict[str, Any]:
    """What a browser would send of a form: its fields as they stand in the page."""
    form = re.search(rf'<form [^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, action
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", form[0]):
        parts = {k: html.unescape(v) for k, v in re.findall(r'(\w+)="([^"]*)"', tag)}
        if parts.get("type") not in ("radio", "checkbox") or re.search(r" checked", tag):
            found.setdefault(parts["name"], []).append(parts.get("value", ""))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', form[0], re.DOTALL):
        found[name] = [html.unescape(value) for value in re.findall(r'<option value="([^"]*)" selected>', options)]
    for button in re.findall(r"<button [^>]+>", form[0])[:1]:
        parts = dict(re.findall(r'(\w+)="([^"]*)"', button))
        if "name" in parts:
            found[parts["name"]] = [html.unescape(parts.get("value", ""))]
    return found


def fill(home: Opened, path: str, action: str | None = None, **changed: Any) -> httpx.Response:
    """Open a page, change some fields of its form and send it. A field that is None is not sent."""
    action = action or path.split("?")[0]
    sent = fields(home.client.get(path).text, action) | changed
    return home.client.post(action, data={key: value for key, value in sent.items() if value is not None})


def thing(kind: str, name: str) -> str:
    return f"/reach/edit/{kind}/{token(name)}"


def test_a_page_saved_without_a_change_leaves_a_hand_written_file_to_the_byte(home: Opened) -> None:
    for kind, name in [("broker", "楽天"), ("bank", "楽天銀行"), ("mailbox", "Gmail"), ("device", "スマホ")]:
        assert fill(home, thing(kind, name)).status_code == 200
        assert reach(home.owner).read_text("utf-8") == BY_HAND


def test_answers_are_written_among_the_owners_own_lines_and_the_picture_has_them_at_once(home: Opened) -> None:
    bank, phone = token(repr("楽天銀行")), token(repr("スマホ"))
    assert "から自動で引き出せる" not in home.client.get("/reach").text
    page = fill(home, thing("broker", "楽天"), yen="600万円", sweep=[bank], signed_in=[phone], saved_in=["-"])
    assert page.url.path == "/reach/edit"
    assert 'id="saved"' in page.text
    text = reach(home.owner).read_text("utf-8")
    assert text == BY_HAND.replace("yen = 5_000_000 #", "yen = 6000000 #").replace(
        'reset_by = ["Gmail"]\n',
        'reset_by = ["Gmail"]\nsweep = ["楽天銀行"]\nsaved_in = []\nsigned_in = ["スマホ"]\n',
    )
    assert stat.S_IMODE(reach(home.owner).stat().st_mode) == 0o600
    assert "から自動で引き出せる" in home.client.get("/reach").text
    assert [p.name for p in home.owner.folder.path.iterdir() if p.name.startswith(".reach")] == []


def test_a_changed_name_is_followed_by_all_that_names_it_and_by_what_was_secured(home: Opened) -> None:
    home.client.get("/harden")
    step = re.search(r'data-step="([^"]+)" data-thing="Gmail"', home.client.get("/harden").text)
    assert step is not None
    home.post("/harden", step=step[1], thing="Gmail", state="done")
    fill(home, thing("mailbox", "Gmail"), name="家のメール")
    assert said(reach(home.owner))["broker"][0]["reset_by"] == ["家のメール"]
    page = home.client.get("/harden").text
    assert f'data-step="{step[1]}" data-thing="家のメール" data-state="done"' in page
    assert 'data-thing="Gmail"' not in page
    done, _ = hardening.read(home.owner.folder.path / hardening.RECORD)
    assert [one.thing for one in done] == ["Gmail", "家のメール"]


def test_what_is_secured_follows_what_is_added_and_taken_out(home: Opened) -> None:
    fill(home, "/reach/edit/broker", name="野村")
    assert 'data-thing="野村"' in home.client.get("/harden").text
    path = thing("broker", "野村")
    fill(home, path, f"{path}/remove")
    assert 'data-thing="野村"' not in home.client.get("/harden").text


def test_taking_a_thing_out_takes_it_out_of_the_answers_that_name_it(home: Opened) -> None:
    path = thing("mailbox", "Gmail")
    page = home.client.get(path).text
    assert "楽天" in page[page.index('id="removal"') :]
    fill(home, path, f"{path}/remove")
    found = said(reach(home.owner))
    assert "mailbox" not in found
    assert found["broker"][0]["reset_by"] == []
    assert "# 家族は使わない" in reach(home.owner).read_text("utf-8")
    assert home.client.get("/reach").status_code == 200


def test_a_thing_that_is_not_listed_yet_is_listed_by_naming_it_in_an_answer(home: Opened) -> None:
    fill(home, thing("broker", "楽天"), **{"sweep+": "みずほ銀行", "sweep": None})
    found = said(reach(home.owner))
    assert [bank["name"] for bank in found["bank"]] == ["楽天銀行", "みずほ銀行"]
    assert found["broker"][0]["sweep"] == ["みずほ銀行"]
    page = fill(home, thing("broker", "楽天"), **{"saved_in+": "Gmail"})
    assert page.status_code == 422
    assert "ほかのものに使っています" in page.text


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(home: Opened) -> None:
    before = reach(home.owner).read_text("utf-8")
    page = fill(
        home, thing("broker", "楽天"), name=f"楽天銀行 {HOSTILE}" * 3, yen="たくさん", margin="5万", login="nonsense"
    )
    assert page.status_code == 422
    assert reach(home.owner).read_text("utf-8") == before
    sent = fields(page.text, thing("broker", "楽天"))
    assert sent["yen"] == ["たくさん"]
    assert sent["margin"] == ["5万"]
    assert sent["name"][0].startswith("楽天銀行 <img src=x")
    assert "<img src=x" not in page.text
    for key in ("name", "yen"):
        assert re.search(rf'id="{key}" [^>]*aria-describedby="[^"]*{key}-wrong"[^>]*aria-invalid="true"', page.text)
        assert f'<a href="#{key}">' in page.text
    assert "金額を数字で書いてください" in page.text
    assert 'id="login-wrong"' in page.text
    english = home.client.get(thing("broker", "楽天"), headers={"accept-language": "en"}).text
    assert "What does signing in take?" in english
    assert fill(home, thing("broker", "楽天"), name="楽天銀行").status_code == 422
    assert fill(home, "/reach/edit/broker", name=" \u200b\u202e ").status_code == 422


def test_names_made_to_harm_are_shown_as_text_and_come_back_as_they_were(home: Opened) -> None:
    fill(home, "/reach/edit/bank", name='"><script>alert(1)</script>', yen="1")
    name = '"><script>alert(1)</script>'
    assert said(reach(home.owner))["bank"][1] == {"name": name, "yen": 1}
    for path in ("/reach", "/reach/edit", thing("bank", name), thing("broker", "楽天"), "/harden", "/reach.svg"):
        assert "<script>alert" not in home.client.get(path).text
    before = reach(home.owner).read_text("utf-8")
    assert fill(home, thing("bank", name)).status_code == 200
    assert reach(home.owner).read_text("utf-8") == before


def test_a_file_that_was_changed_meanwhile_is_not_written_over_and_both_are_shown(home: Opened) -> None:
    path = thing("broker", "楽天")
    sent = fields(home.client.get(path).text, path) | {"yen": "7,000,000"}
    changed = BY_HAND.replace("5_000_000", "4_000_000") + "\n# あとで\n"
    reach(home.owner).write_text(changed, "utf-8")
    page = home.client.post(path, data=sent)
    assert page.status_code == 409
    assert reach(home.owner).read_text("utf-8") == changed
    conflict = page.text[page.text.index('id="conflict"') : page.text.index('id="thing"')]
    assert "4,000,000" in conflict
    assert "7,000,000" in conflict
    again = fields(page.text, path)
    assert again["yen"] == ["7,000,000"]
    assert home.client.post(path, data=again).status_code == 200
    assert reach(home.owner).read_text("utf-8") == changed.replace("4_000_000", "7000000")


def test_what_was_taken_out_of_the_file_meanwhile_can_be_added_anew(home: Opened) -> None:
    path = thing("bank", "楽天銀行")
    sent = fields(home.client.get(path).text, path) | {"yen": "3"}
    reach(home.owner).write_text('[[device]]\nname = "スマホ"\n', "utf-8")
    page = home.client.post(path, data=sent)
    assert page.status_code == 409
    assert "いまのファイルにはもうありません" in page.text
    assert home.client.post("/reach/edit/bank", data=fields(page.text, "/reach/edit/bank")).status_code == 200
    assert said(reach(home.owner))["bank"] == [{"name": "楽天銀行", "yen": 3}]


def test_a_thing_is_not_taken_out_of_a_file_that_was_changed_meanwhile(home: Opened) -> None:
    path = thing("bank", "楽天銀行")
    sent = fields(home.client.get(path).text, f"{path}/remove")
    reach(home.owner).write_text(BY_HAND + "# x\n", "utf-8")
    assert home.client.post(f"{path}/remove", data=sent).status_code == 409
    assert "bank" in said(reach(home.owner))


def test_a_broken_file_is_said_by_its_line_and_kept_as_it_is_with_what_was_typed(home: Opened) -> None:
    path = thing("broker", "楽天")
    sent = fields(home.client.get(path).text, path) | {"yen": "8000000"}
    wrong = BY_HAND.replace('name = "楽天銀行"', 'name = "楽天銀行')
    reach(home.owner).write_text(wrong, "utf-8")
    for url in ("/reach", "/reach/edit", path):
        page = home.client.get(url)
        assert page.status_code == 409
        assert 'data-line="7"' in page.text
        assert "7行目を直して" in page.text
        assert "name = &#34;楽天銀行" in page.text
    page = home.client.post(path, data=sent)
    assert reach(home.owner).read_text("utf-8") == wrong
    again = fields(page.text, path)
    assert again["yen"] == ["8000000"]
    reach(home.owner).write_text(BY_HAND, "utf-8")
    assert home.client.post(path, data=again).status_code == 200
    assert said(reach(home.owner))["broker"][0]["yen"] == 8_000_000
    reach(home.owner).write_text(BY_HAND + '[[bank]]\nname = "a"\npin = "1"\n', "utf-8")
    assert 'data-line="20"' in home.client.get("/reach/edit").text


def test_an_owner_without_a_file_begins_with_what_his_settings_and_mails_say(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    reach(owner).unlink()
    with opened(owner) as found:
        assert 'href="/reach/edit"' in found.client.get("/reach").text
        first = found.client.get("/reach/edit").text
        for name in ("このパソコン", "スマホ", "携帯番号", "楽天", "SBI"):
            assert f"<bdi>{name}</bdi>" in first
        sbi = f"broker-{token('SBI')}"
        sent = fields(first, "/reach/edit")
        page = found.client.post(
            "/reach/edit",
            data=sent | {"pick": [one for one in sent["pick"] if one != sbi], "banks": "楽天銀行、 ゆうちょ"},
        )
        assert page.url.path.startswith("/reach/edit/phone/")
        mine = said(reach(owner))
        assert [bank["name"] for bank in mine["bank"]] == ["楽天銀行", "ゆうちょ"]
        assert [broker["broker"] for broker in mine["broker"]] == ["rakuten"]
        seen = []
        while page.url.path != "/reach":  # the guided way through, leaving everything as it is proposed
            seen.append(page.url.path)
            page = found.client.post(page.url.path, data=fields(page.text, page.url.path))
            assert page.status_code == 200
        assert len(seen) == len(set(seen)) == 5
        assert said(reach(owner))["broker"][0]["reset_by"] == ["mail"]
        assert f'value="{sbi}"' in found.client.get("/reach/edit").text


def test_forms_need_the_word_of_their_page_and_have_limits(home: Opened) -> None:
    path = thing("broker", "楽天")
    sent = fields(home.client.get(path).text, path)
    assert home.client.post(path, data=sent | {"csrf": "x"}).status_code == 403
    assert home.client.post(path, data=sent | {"name": "x" * 70_000}).status_code == 403
    assert home.client.post(path, data=sent | {"name": "x" * 65}).status_code == 422
    assert home.client.post(path, data=sent | {"yen": "9" * 20}).status_code == 422
    assert home.client.post("/reach/edit/nonsense", data=sent).status_code == 404
    assert home.client.get("/reach/edit/broker/0123456789abcdef").status_code == 404
    many = "、".join(f"b{n}" for n in range(30))
    assert home.client.post("/reach/edit", data=sent | {"banks": many}).status_code == 422
    assert reach(home.owner).read_text("utf-8") == BY_HAND
    with httpx.Client() as stranger:
        assert stranger.post(home.url + path, data=sent).status_code == 403


def test_a_linked_file_is_written_where_it_really_lies(home: Opened, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    reach(home.owner).replace(real)
    reach(home.owner).symlink_to(real)
    fill(home, thing("bank", "楽天銀行"), yen="1")
    assert reach(home.owner).is_symlink()
    assert said(real)["bank"][0]["yen"] == 1


PLAN = """\
# 予定
quiet = ["SBI"] # もう使わない

[[recurring]]
account = "楽天"
day = 10
amount = 30_000 # つみたて
"""


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[Opened]:
    owner = Owner(tmp_path)
    owner.folder.plan.write_text(PLAN, "utf-8")
    with opened(owner) as found:
        yield found


def test_the_plan_is_changed_added_to_and_taken_from_among_the_owners_own_lines(planner: Opened) -> None:
    path = planner.owner.folder.plan
    page = planner.client.get("/plan").text
    entry = re.search(r'href="(/plan/recurring/\w+)"', page)
    assert entry is not None
    assert fill(planner, entry[1]).status_code == 200
    assert path.read_text("utf-8") == PLAN
    fill(planner, entry[1], amount="4万", until="2027年3月1日")
    text = path.read_text("utf-8")
    assert text == PLAN.replace("30_000 #", "40000 #") + "until = 2027-03-01\n"
    fill(planner, "/plan/trip", **{"from": "2025-12-28", "to": "2026-01-05"})
    fill(planner, "/plan/withdrawal", account=token(repr("楽天")), most="20万")
    fill(planner, "/plan", "/plan/list/never", never=[token(repr("HK")), token(repr("margin"))])
    fill(planner, "/plan", "/plan/list/quiet", quiet=[], **{"quiet+": "古い口座"})
    fill(planner, "/plan", "/plan/days/trading", day="2025-12-01")
    found = said(path)
    assert found["trip"][0]["to"].isoformat() == "2026-01-05"
    assert found["withdrawal"] == [{"account": "楽天", "most": 200_000}]
    assert (found["never"], found["quiet"]) == (["HK", "margin"], ["古い口座"])
    assert "# もう使わない" in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = planner.client.get("/plan").text
    assert "2025-12-01" in page
    planner.client.post(
        "/plan/days/trading", data={**fields(page, "/plan/days/trading"), "without": "2025-12-01", "day": []}
    )
    assert said(path)["trading"] == []
    entry = re.search(r'href="(/plan/recurring/\w+)"', page)
    assert entry is not None
    fill(planner, entry[1], f"{entry[1]}/remove")
    assert "recurring" not in said(path)
    assert "# つみたて" in path.read_text("utf-8")


def test_what_is_wrong_in_the_plan_is_said_beside_the_field(planner: Opened) -> None:
    page = fill(planner, "/plan/recurring", day="32", amount="0", until="あした")
    assert page.status_code == 422
    for key in ("account", "day", "amount", "until"):
        assert f'id="{key}-wrong"' in page.text
    assert fields(page.text, "/plan/recurring")["until"] == ["あした"]
    page = fill(planner, "/plan/trip", **{"from": "2026-01-05", "to": "2026-01-01"})
    assert page.status_code == 422
    assert 'id="to-wrong"' in page.text
    page = fill(planner, "/plan", "/plan/days/settings", day="2025-13-01")
    assert page.status_code == 422
    assert 'value="2025-13-01"' in page.text
    page = fill(planner, "/plan/recurring", account=token(repr("SBI")), kind=token(repr("stock")))
    assert page.status_code == 422
    assert "quiet" in page.text
    assert planner.owner.folder.plan.read_text("utf-8") == PLAN


def test_a_plan_that_was_changed_meanwhile_is_not_written_over(planner: Opened) -> None:
    path = planner.owner.folder.plan
    sent = fields(planner.client.get("/plan").text, "/plan/list/quiet") | {"quiet": []}
    path.write_text(PLAN + "# x\n", "utf-8")
    page = planner.client.post("/plan/list/quiet", data=sent)
    assert page.status_code == 409
    assert path.read_text("utf-8") == PLAN + "# x\n"
    assert planner.client.post("/plan/list/quiet", data=fields(page.text, "/plan/list/quiet")).status_code == 200
    assert said(path)["quiet"] == []
    path.write_text("quiet = [\n", "utf-8")
    for place in ("/plan", "/missing"):
        page = planner.client.get(place)
        assert page.status_code == 409
        assert 'data-line="1"' in page.text


def test_a_question_that_a_new_plan_answers_does_not_wait_any_more_and_an_alarm_does(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    owner.now = at(DAY, 12)
    owner.deliver(*withdrawal())
    owner.watch()
    with opened(owner) as found:
        assert [alert.finding.kind for alert in found.waiting()] == ["withdrawal"]
        page = fill(found, "/plan/withdrawal", account=token(repr("楽天")), most="30万")
        assert "答えを待っていたこと1件が片づきました" in page.text
        assert found.waiting() == []
        owner.deliver(*theft())
        owner.watch(1)
        levels = [alert.finding.level for alert in found.waiting()]
        assert Level.ALARM in levels
        fill(found, "/plan", "/plan/days/trading", day=DAY.isoformat())
        assert [alert.finding.level for alert in found.waiting()].count(Level.ALARM) == 1 == levels.count(Level.ALARM)


def test_what_the_plan_does_not_cover_any_more_is_asked_about_at_once(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    owner.folder.plan.write_text('[[withdrawal]]\naccount = "楽天"\n', "utf-8")
    owner.now = at(DAY, 12)
    owner.deliver(*withdrawal())
    owner.watch()
    with opened(owner) as found:
        assert found.waiting() == []
        entry = re.search(r'href="(/plan/withdrawal/\w+)"', found.client.get("/plan").text)
        assert entry is not None
        fill(found, entry[1], f"{entry[1]}/remove")
        assert [alert.finding.kind for alert in found.waiting()] == ["withdrawal"]


def test_a_plan_changed_by_hand_settles_what_it_answers_at_the_next_round_of_the_watch(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    owner.now = at(DAY, 12)
    owner.deliver(*withdrawal())
    owner.watch()
    with opened(owner) as found:
        assert len(found.waiting()) == 1
        owner.folder.plan.write_text('[[withdrawal]]\naccount = "楽天"\n', "utf-8")
        owner.watch(0.1)
        assert found.waiting() == []


def test_the_first_hour_knows_the_linked_banks_of_an_account_that_is_called_differently_there(home: Opened) -> None:
    fill(home, thing("broker", "楽天"), name="楽天証券の口座", sweep=[token(repr("楽天銀行"))])
    assert [one.banks for one in walk.accounts(home.owner.folder, home.owner.config)] == [("楽天銀行",), ()]
