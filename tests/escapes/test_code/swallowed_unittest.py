# cases: 3
import asyncio
import contextlib
import unittest


class TestOpened(unittest.TestCase):
    def test_read(self):
        with Opened("abc") as opened:
            self.assertEqual(opened.read(), "ABC")

    def test_stack(self):
        with contextlib.ExitStack() as stack:
            opened = stack.enter_context(Opened("x"))
            assert opened.read() == "X"

    def test_async(self):
        async def read():
            async with Opened("yz") as opened:
                assert opened.read() == "YZ"

        asyncio.run(read())
