"""Takes a person's names out of what was written in the app: part of what `outcomes erase` does."""

from connectors.journal.journal import Journal, JournalError
from connectors.journal.where import is_there, url_of
from pipelines.erased import Erased
from pipelines.home import Home
from pipelines.warehouse import WarehouseError


def erase_in_journal(home: Home, erased: Erased, *, is_trial: bool) -> int:
    """How many entries and frozen quarters have such a name; unless it is a trial, they had.

    Raises:
        WarehouseError: the journal cannot be used. Nothing of it is changed then.
    """
    if not is_there(home.path):
        return 0
    try:
        journal = Journal.open(url_of(home.path))
        try:
            return journal.erase(erased.without_names, is_trial=is_trial)
        finally:
            journal.close()
    except JournalError as trouble:
        raise WarehouseError(f"{trouble}, and erase again: names in the journal are still there") from None
