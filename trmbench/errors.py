"""The one exception that a user is meant to read."""


class TrmbenchError(Exception):
    """Bad input or a machine that lacks something: one line for the user, exit code 2.

    Args:
        message: what is wrong and where (file, line, key, value).
        hint: what to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[type["TrmbenchError"], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)
