# tries: to run byte code that no compiler writes
# must: runtime_error|wrong_answer|time_limit_exceeded|memory_limit_exceeded

import types

code = (lambda: None).__code__
wild = code.replace(co_code=bytes([100, 255, 83, 0] * 4), co_consts=(None,), co_stacksize=1)
print(types.FunctionType(wild, {})())
