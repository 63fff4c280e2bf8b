# tries: to keep an event loop busy with tasks that make tasks
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import asyncio


async def main():
    loop = asyncio.get_running_loop()

    def again():
        loop.call_soon(again)

    again()
    await asyncio.Event().wait()


asyncio.run(main())
