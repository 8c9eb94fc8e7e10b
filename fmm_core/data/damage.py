"""What numpy, zip, pandas and a missing key raise when a file is not what it claims to be."""

import struct
import tokenize
import zipfile
import zlib

DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)
