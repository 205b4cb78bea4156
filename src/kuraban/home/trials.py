"""What a trial of a mail or CSV format against one of its samples found: one type for every checker of formats."""

import msgspec

from kuraban.home.model import Words


class Trial(msgspec.Struct, frozen=True):
    """One sample of one format. problems: empty where the sample reads exactly as its golden file says."""

    format: str
    sample: str
    problems: tuple[Words, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems
