"""``python -m evcore`` is the ``evcore`` command."""

import sys

from evcore.cli import main

sys.exit(main())
