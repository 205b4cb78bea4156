"""Hardening: what to do to be safe, in the right order, with the record of what was done and reminders.

`things_in` lists what the owner has, `plan` says what is open, `append` and `read` keep the record.
"""

from kuraban.home.hardening.model import HOME, Done, Step, Thing, steps, things_of
from kuraban.home.hardening.owned import RECORD, entry, reminder_words, rename, things_in
from kuraban.home.hardening.plan import State, Task, next_tasks, plan, reminders
from kuraban.home.hardening.record import append, read
from kuraban.home.hardening.text import as_data, as_text, record_text

__all__ = [
    "HOME",
    "RECORD",
    "Done",
    "State",
    "Step",
    "Task",
    "Thing",
    "append",
    "as_data",
    "as_text",
    "entry",
    "next_tasks",
    "plan",
    "read",
    "record_text",
    "reminder_words",
    "reminders",
    "rename",
    "steps",
    "things_in",
    "things_of",
]
