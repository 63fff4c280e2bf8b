# against: code
# must: accepted
# problem: async
# style: coroutines
import asyncio


async def slow(number):
    await asyncio.sleep(0)
    return number * 2


async def gather(numbers):
    return list(await asyncio.gather(*map(slow, numbers)))
