"""What `watch` and `console` share: the pages are served, their address is printed, the browser is opened."""

from collections.abc import Iterator
from contextlib import contextmanager

from kuraban.cli.home.common import Language, show, show_words
from kuraban.console.home.seat import Running
from kuraban.console.home.serving import Pages
from kuraban.console.home.serving import show as show_browser
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError


@contextmanager
def served(folder: Folder, port: int, running: Running, language: Language, *, browser: bool) -> Iterator[Pages]:
    """The pages, while this lasts. Raises `HomeError` where they cannot be served."""

    def failed(error: BaseException) -> None:
        show_words(f"画面が止まりました: {error}", f"the pages have stopped: {error}", language)

    pages = Pages(folder, port, running, failed)
    try:
        if not pages.begin():
            raise HomeError.of("画面を始められません。", "the pages cannot be served")
        show_words(
            "画面のアドレス(自分だけが使い、人に教えないでください):", "the pages, for you alone to open:", language
        )
        show(f"  {pages.address}")
        if browser and not show_browser(pages.seat.door.address_once()):
            show_words(
                "ブラウザを開けません。上のアドレスをブラウザで開いてください。",
                "no browser could be opened: open the address above in one",
                language,
            )
        yield pages
    finally:
        pages.close()
