"""The local cloud's process: MiniStack, with what we need of it and a service here and there less.

Run by the interpreter of MiniStack's own environment. Changed in it, and why:

- Requests to a function wait for one of WORKERS workers. MiniStack starts a process for every request
  that comes while all are busy, which a stampede of clients turns into minutes of start-up.
- After a request it waits up to 50 ms for a line in the function's log. A line that comes later is found
  by the next request all the same, so the wait is 2 ms.
- SIGUSR1 writes all state to disk, so that a deployment outlives a machine that is switched off.
"""

import asyncio
import os
import signal
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import lambda_runtime
from ministack.core.persistence import save_all
from ministack.services import apigateway_v1

WORKERS = int(os.environ.get("LOCAL_WORKERS", "6"))


def bound_workers() -> None:
    """Let at most WORKERS requests into functions at once; the others wait their turn."""
    call = apigateway_v1._call_lambda_raw
    places = asyncio.Semaphore(WORKERS)

    async def wait_and_call(*args: Any, **kwargs: Any) -> Any:
        async with places:
            return await call(*args, **kwargs)

    apigateway_v1._call_lambda_raw = wait_and_call


def shorten_waits_for_logs() -> None:
    """At most 2 ms for a first line, 1 ms after a line, 50 ms in all."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.001, 0.050)


async def main() -> None:
    """Serve until SIGTERM, which also writes the state."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    loop.add_signal_handler(
        signal.SIGUSR1, lambda: save_all(ministack._build_persistence_save_dict())
    )
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    bound_workers()
    shorten_waits_for_logs()
    await serve(ministack.app, config, shutdown_trigger=stopped.wait)
    lambda_runtime.reset()


if __name__ == "__main__":
    asyncio.run(main())
