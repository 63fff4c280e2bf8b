"""The cellar: runs untrusted programs and reports what happened.

    Job -> [schedule -> batch -> keeper -> worker | zygote -> guest] -> Execution

Left of the bar is our process, right of it are others: a *zygote* per worker forks a *guest*
for every visit, behind the wall that `confine` puts up; a *keeper* watches it from here.
Nothing in this package knows what a right answer is.
"""
