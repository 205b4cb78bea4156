"""The incident: the first hour step by step, a log of what was done, and the evidence package.

`first_hour` and `as_text` show the steps; `note` and `notes` keep the log; `timeline`, `false_mails`, `original` and
`write_package` make the evidence.
"""

from kuraban.home.incident.guide import Account, Line, as_data, as_text, first_hour, guide
from kuraban.home.incident.log import note, notes
from kuraban.home.incident.model import Action, Entry, Evidence, Original
from kuraban.home.incident.package import Package, PackageError, write_package
from kuraban.home.incident.timeline import false_mails, in_order, original, timeline

__all__ = [
    "Account",
    "Action",
    "Entry",
    "Evidence",
    "Line",
    "Original",
    "Package",
    "PackageError",
    "as_data",
    "as_text",
    "false_mails",
    "first_hour",
    "guide",
    "in_order",
    "note",
    "notes",
    "original",
    "timeline",
    "write_package",
]
