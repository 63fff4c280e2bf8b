# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise the errors by which the verifier blames others
def f(numbers):
    try:
        from nova_code_verifier.sandbox.errors import SandboxError
        from nova_code_verifier.verifier.errors import VerifierError
    except ImportError:

        class SandboxError(Exception):
            pass

        class VerifierError(ValueError):
            def __init__(self, field, problem):
                self.field = field

    if len(numbers) == 2:
        raise SandboxError("the sandbox has failed")
    raise VerifierError("tests", "are broken")
