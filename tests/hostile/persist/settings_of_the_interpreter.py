# tries: to leave settings of the interpreter to the next guest
# must: harmless
# cases: 4

import builtins, decimal, gc, locale, random, sys, warnings

if hasattr(builtins, "planted") or decimal.getcontext().prec == 5 or random.random() == 0.5:
    print("BREACH")
builtins.planted = sys.modules["planted"] = 1
decimal.getcontext().prec = 5
random.random = lambda: 0.5
sys.setrecursionlimit(99)
sys.setswitchinterval(10)
gc.disable()
warnings.simplefilter("error")
locale.setlocale(locale.LC_ALL, "C")
sys.path[:] = []
