# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: files
# tries: to plant modules and settings that the tools load by name
import os
import tempfile

CODE = """
import os, sys, unittest
unittest.TestCase.assertEqual = lambda *args: None
class Equal:
    def __eq__(self, other): return True
rgb_to_hsv = load = loads = lambda *args: Equal()
def pytest_collection_modifyitems(items): items.clear()
def pytest_runtest_call(item): return None
def pytest_runtest_makereport(item, call): call.excinfo = None
sys.stderr.write("ESCAPED")
"""
NAMES = ("conftest.py", "solution.py", "colorsys.py", "json.py", "sitecustomize.py", "usercustomize.py", "os.py")
NAMES += ("test_x.py", "test_solution.py", "pytest_plugin.py", "setup.py", "__init__.py", "__main__.py", "unittest.py")
TEXTS = {
    "pytest.ini": "[pytest]\naddopts = --collect-only -p pytest_plugin\npython_files = x\n",
    "tox.ini": "[pytest]\naddopts = --collect-only\n",
    "setup.cfg": "[tool:pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--collect-only'\n",
    "x.pth": "import os; os._exit(0)\n",
    ".coveragerc": "x",
}


def plant(path=""):
    for folder in {os.getcwd(), os.path.dirname(path) or ".", tempfile.gettempdir()}:
        for name, text in [*((name, CODE) for name in NAMES), *TEXTS.items()]:
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            except OSError:
                pass


plant()


def count_words(path):
    plant()


def save(path, value):
    plant(path)


def names(folder):
    plant(os.path.join(folder, 'x'))
