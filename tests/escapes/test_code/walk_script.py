# cases: 2
def values(node):
    found = []
    while node:
        found.append(node.value)
        node = node.next
    return found


assert values(chain([1, 2])) == [1, 2]
assert values(chain([])) == []
