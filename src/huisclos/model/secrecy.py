"""Types for what must never be printed: secrets of the service and the private facts of people.

They have no readable `repr`, `str` or format, cannot be pickled, and give their content only to who asks by name.
"""

import hmac
from typing import Generic, NoReturn, TypeVar, final

T = TypeVar("T")


@final
class Secret:
    """A key, token or one-time claim. Compared in constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


@final
class Pii(Generic[T]):
    """A private fact about a person (name, address): usable, but not by accident in a log or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pii) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash((Pii, self._value))

    def __repr__(self) -> str:
        return "Pii(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Pii is not pickled")
