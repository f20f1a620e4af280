"""`python -m sabotage.planted`: the reference backend with the fault that SABOTAGE_FAULT names."""

import os
import sys

from reference.backend import __main__ as backend
from sabotage.catalogue import FAULTS


def main() -> int:
    plant = FAULTS[os.environ["SABOTAGE_FAULT"]].plant
    if plant is not None:
        plant()
    return backend.main()


if __name__ == "__main__":
    sys.exit(main())
