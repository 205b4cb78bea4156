"""What can go wrong with reference data, in words for whoever brought the file."""


class ReferenceDataError(ValueError):
    """A reference file that cannot be used; the message names the file and says why."""


class NetworkTableError(ReferenceDataError):
    """The table of networks is missing, is not a MaxMind-format file, or holds neither country nor ASN."""


class InstrumentTableError(ReferenceDataError):
    """The instruments' CSV cannot be read as a table of instruments at all."""
