"""Forget once more whom a restored backup has brought back.

    python -m infra.forget_again labivaraus- restored-

The first prefix is that of the live tables, which know for forty days who was forgotten; the second that of
the restored ones, which nobody uses yet. It says how many they were, never who.
"""

import argparse
import os
import sys

from chalicelib.adapters.dynamodb.client import make_client
from chalicelib.adapters.system import SystemClock
from chalicelib.bootstrap import make_ports
from chalicelib.services import erasure


def main(arguments: list[str]) -> int:
    """The command; returns its exit code: 1 where somebody is still not forgotten."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.forget_again",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("live", metavar="LIVE")
    parser.add_argument("restored", metavar="RESTORED")
    options = parser.parse_args(arguments)
    client, clock = make_client(os.environ.get("AWS_ENDPOINT_URL")), SystemClock()
    live, restored = (make_ports(client, each, clock) for each in (options.live, options.restored))
    count = erasure.again(restored, live.keeping.erasures())
    left = sum(not each.done for each in restored.keeping.erasures())
    print(f"{count} forgotten again, {left} not yet")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
