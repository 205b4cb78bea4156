"""What goes wrong on the owner's side, in words for people: one error type with one place that prints it."""

from kuraban.home.model import Words


class HomeError(Exception):
    """Something the owner has to put right: what it is and how, in both languages."""

    def __init__(self, words: Words):
        super().__init__(words.en)
        self.words = words

    @classmethod
    def of(cls, ja: str, en: str) -> "HomeError":
        """An error from its two sentences."""
        return cls(Words(ja, en))
