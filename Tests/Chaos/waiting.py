"""Waiting for something that comes true by itself."""

import asyncio
import time


async def wait_until(condition, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        # Beside the load: a condition may ask PostgreSQL.
        if await asyncio.to_thread(condition):
            return True
        await asyncio.sleep(0.2)
    return False
