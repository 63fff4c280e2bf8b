# cases: 2
def values(node):
    found = []
    while node:
        found.append(node.value)
        node = node.next
    return found


assert values(chain(list(range(30)))) == list(range(30))
assert values(chain([])) == []
