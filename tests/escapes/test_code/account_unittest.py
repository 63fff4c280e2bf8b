# cases: 5
import unittest


class TestAccount(unittest.TestCase):
    def setUp(self):
        self.account = Account("ann", 10)

    def test_deposit(self):
        self.account.deposit(5)
        self.assertEqual(self.account.balance, 15)

    def test_withdraw(self):
        self.assertTrue(self.account.withdraw(4))
        self.assertFalse(self.account.withdraw(40))
        self.assertEqual(self.account.balance, 6)

    def test_history(self):
        self.account.deposit(1)
        self.account.deposit(2)
        self.assertEqual(list(self.account), [1, 2])
        self.assertEqual(len(self.account), 2)

    def test_negative(self):
        with self.assertRaises(ValueError):
            self.account.deposit(-1)

    def test_context(self):
        with self.account as inside:
            inside.deposit(1)
        self.assertEqual(self.account.balance, 11)
