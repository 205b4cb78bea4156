"""The owner's pages: who may open them, and what they show and take."""

from collections.abc import Iterator

import httpx
import pytest

from home_pages import Opened, opened, quiet, troubled


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(quiet(tmp_path_factory.mktemp("calm"))) as found:
        yield found


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(troubled(tmp_path_factory.mktemp("robbed"))) as found:
        yield found


def test_the_token_opens_the_pages_and_leaves_the_address(calm: Opened) -> None:
    answer = httpx.get(calm.pages.address)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("path", ["/", "/mails", "/light", "/nothing", "/?token=guessed", "/?token="])
def test_whoever_has_no_token_sees_how_to_get_in_and_nothing_else(robbed: Opened, path: str) -> None:
    answer = httpx.get(robbed.url + path, headers={"accept-language": "ja"})
    assert answer.status_code == 403
    assert "kuraban home watch --open" in answer.text
    assert "楽天" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"])
def test_a_name_of_somebody_elses_that_points_here_opens_nothing(calm: Opened, host: str) -> None:
    named = host.format(port=calm.pages.seat.door.port)
    answer = calm.client.get("/", headers={"host": named})
    assert answer.status_code == 403
    assert "data-light" not in answer.text


def test_a_calm_year_is_green(calm: Opened) -> None:
    page = calm.client.get("/").text
    assert 'data-light="green"' in page
    assert "異常はありません" in page


def test_a_theft_is_red_and_comes_before_everything_else(robbed: Opened) -> None:
    page = robbed.client.get("/").text
    assert 'data-light="red"' in page
    assert page.index('data-level="alarm"') < page.index("私ではありません")
