# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to install a finder that provides the tests and their tools
import sys
import types


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None


module = types.ModuleType("tests")
module.__dict__["f"] = lambda numbers: sorted(numbers)
sys.meta_path.insert(0, Finder)
for name in ("tests", "nova_code_verifier", "nova_code_verifier.verifier.test_code.harness.runner", "pytest", "unittest"):
    sys.modules[name] = module


def f(numbers):
    return []
