# against: code
# must: accepted
# problem: account
# style: a class with state, an iterator and a context manager
class Account:
    count = 0

    def __init__(self, owner, balance=0):
        type(self).count += 1
        self.owner = owner
        self.__balance = balance
        self._deposits = []

    @property
    def balance(self):
        return self.__balance

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("too little")
        self._deposits.append(amount)
        self.__balance += amount

    def withdraw(self, amount):
        if amount > self.__balance:
            return False
        self.__balance -= amount
        return True

    def __iter__(self):
        yield from self._deposits

    def __len__(self):
        return len(self._deposits)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False
