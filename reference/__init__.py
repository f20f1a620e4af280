"""A complete small voice-booking system to run the acceptance suite against: `python -m reference`."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts it with an older one should be told so
    sys.stderr.write("The reference system needs Python 3.11 or newer; this is %d.%d.\n" % sys.version_info[:2])  # noqa: UP031
    sys.exit(2)
