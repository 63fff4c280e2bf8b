# against: code
# must: accepted
# problem: mock
# style: uses mocks of the tests
def send_all(texts, sender):
    for text in texts:
        if text:
            sender.send(text)


def total(names, prices):
    return sum(prices.get(name) for name in names)
