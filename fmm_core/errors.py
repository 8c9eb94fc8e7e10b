"""Errors that speak: what is wrong, where, and how to mend it, in one sentence a person can act on."""


class FmmError(Exception):
    """A problem the user can mend.

    Parameters
    ----------
    what : str
        What is wrong, without a full stop: ``3 empty values (rows 12, 40, 41)``.
    where : str
        The place: a file, a column, an option. May be empty.
    mend : str
        How to mend it, as a whole sentence. May be empty.
    code : str
        Stable identifier of the message, for tests and for scripts: ``data.empty_values``.
    """

    def __init__(self, what: str, where: str = "", mend: str = "", *, code: str = "") -> None:
        self.what, self.where, self.mend, self.code = what, where, mend, code
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}." + (f" {self.mend}" if self.mend else "")

    def as_dict(self) -> dict[str, str]:
        """The error as `status.json` stores it."""
        return {"what": self.what, "where": self.where, "mend": self.mend, "code": self.code}


class DataError(FmmError):
    """A file or data set cannot be used as it is."""


class DataErrors(DataError):  # noqa: N818 (several of them)
    """Several problems of one data set: reads as the first, and says how many more there are.

    Parameters
    ----------
    errors : at least two
    """

    def __init__(self, errors: tuple[DataError, ...]) -> None:
        self.errors = errors
        first, more = errors[0], len(errors) - 1
        also = f"{more} more problem{'s were' if more > 1 else ' was'} found: `datasets check` names all."
        super().__init__(first.what, first.where, f"{first.mend} {also}".strip(), code=first.code)


class ConfigError(FmmError):
    """A setting is unknown, out of range, or does not fit the data."""


class StoreError(FmmError):
    """A run, a data set or a folder is missing, taken or damaged."""


class RunError(FmmError):
    """A run could not be carried to its end."""


class Cancelled(Exception):  # noqa: N818 (a request, not an error)
    """Raised from a progress callback when the user has cancelled the run."""
