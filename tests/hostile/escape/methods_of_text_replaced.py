# tries: to replace methods of built-in types, with which the audit hook compares paths
# must: harmless|runtime_error
# interpreter: harmless|runtime_error|security_violation

import sys


class Thief:
    def __eq__(self, other):
        found.append(other)
        return True

    def __ror__(self, other):
        found.append(other)
        return other


found = []
for kind in (str, int, bytes, frozenset, tuple, type):
    vars(kind) == Thief()
    vars(kind) | Thief()
tables = [table for table in found if type(table) is dict]
for table in tables:
    if "startswith" in table:
        table["startswith"] = lambda *_: True
        table["__contains__"] = lambda *_: False
        table["replace"] = lambda text, *_: text
        table["rpartition"] = lambda *_: ("", "", "")
sys._clear_type_cache()
print(len(tables))
print(open(SECRET_FILE).read())
