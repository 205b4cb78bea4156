"""What a command says when it cannot do what was asked."""


class CommandError(Exception):
    """Ends a command with a sentence for the user and an exit status: 1 unusable input, 2 wrong usage."""

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status
