"""`make run` and `make stop`: the steps, each with a word to the person who waits."""

import argparse
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.cloud import STACK, Cloud, Problem
from infra.local.deploy import check_deployed, deploy, endpoint_of
from infra.local.environment import for_commands, forget_own_account
from infra.package import ROOT

HOME = ROOT / ".local"
WARM_REQUESTS = 6
WARM_SECONDS = 10  # a slow machine goes on warming up by itself


def start(cloud: Cloud) -> str:
    """Start, deploy, seed and warm up a local cloud, each where it is needed; its base address."""
    with cloud.lock():
        begun = time.monotonic()
        if cloud.start():
            _say(f"The local cloud serves {cloud.address} (log: {_short(cloud.log)}).")
        else:
            _say(f"The local cloud is running on {cloud.address} already.")
        deploy(cloud, _say)
        check_deployed(cloud)
        endpoint = endpoint_of(cloud)
        _seed(cloud, endpoint)
        (cloud.home / "endpoint").write_text(endpoint)
        # The page, and the list that tests and scripts read.
        (cloud.home / "mailbox").write_text(f"{cloud.mailbox}\n{cloud.mailbox}/api/messages/\n")
        _say("Warming up ...")
        _warm_up(cloud, endpoint)
        _say(f"Mails that it sends can be read at {cloud.mailbox} and go nowhere else.")
        _say(f"Ready after {time.monotonic() - begun:.0f} s. Stop it with `make stop`.")
    return endpoint


def stop(cloud: Cloud) -> None:
    """Stop a local cloud and say what became of it."""
    with cloud.lock():
        if cloud.stop():
            _say(f"The local cloud is stopped; what it holds is in {_short(cloud.state)}.")
        else:
            _say("The local cloud is not running.")


def consistency(cloud: Cloud, *, repair: bool) -> int:
    """Run the consistency check on the tables of a running local cloud; its exit code."""
    if not cloud.running():
        raise Problem("The local cloud is not running: start it with `make run`.")
    command = [sys.executable, "-m", "chalicelib.services.check", *(["--repair"] if repair else [])]
    environment = for_commands(cloud.address) | {"TABLE_PREFIX": f"{STACK}-"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _seed(cloud: Cloud, endpoint: str) -> None:
    from infra.local.seed import seed

    if seed(cloud, endpoint, _say):
        cloud.save()


def _warm_up(cloud: Cloud, endpoint: str) -> None:
    """Start every worker of the interface, each with its libraries loaded: at once, so that all start."""
    from urllib.request import ProxyHandler, build_opener

    opener = build_opener(ProxyHandler({}))

    def ask(_: int) -> None:
        try:
            opener.open(f"{endpoint}/v1/spaces", timeout=WARM_SECONDS).close()
        except OSError as error:
            cloud.note(f"warming up: {error}\n")

    with ThreadPoolExecutor(WARM_REQUESTS) as pool:
        list(pool.map(ask, range(WARM_REQUESTS)))


def _say(words: str) -> None:
    print(words, flush=True)


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("what", choices=["start", "stop", "consistency"])
    parser.add_argument("--repair", action="store_true", help="of consistency: mend what differs")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--home", type=Path, default=HOME)
    options = parser.parse_args(arguments)
    forget_own_account()
    cloud = Cloud(options.home.resolve(), options.port)
    try:
        if options.what == "stop":
            stop(cloud)
        elif options.what == "consistency":
            return consistency(cloud.as_running(), repair=options.repair)
        else:
            print(start(cloud))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is: a sentence here, all of it in the log
        cloud.note(traceback.format_exc())
        why = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        print(f"Something went wrong: {why[0]} (more in {_short(cloud.log)})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
