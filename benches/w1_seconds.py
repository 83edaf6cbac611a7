"""W1's seconds under a configuration that may have more tags than W1; for rules.py.

The digest is of what the two configurations share, so that a rule cannot change what it should not.

    python w1_seconds.py FILE CONFIG
"""

from __future__ import annotations

import json
import sys

from digest import TAGS
from w1 import digest_of, run


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    # The best of three in one process: what is compared is a difference, so noise must be small.
    runs = [run(sys.argv[1], config=sys.argv[2]) for _ in range(3)]
    seconds = min(run[0] for run in runs)
    digest = digest_of(runs[-1][1])
    print(
        json.dumps(
            {"seconds": seconds, "digest": {**digest, "tags": {t: digest["tags"][t] for t in TAGS}}}
        )
    )


if __name__ == "__main__":
    main()
