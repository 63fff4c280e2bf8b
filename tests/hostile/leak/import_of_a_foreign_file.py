# tries: to run and to show a module of the host's
# must: runtime_error

import runpy, sys, zipimport

sys.path[:0] = [OUTSIDE]
sys.path_importer_cache.clear()
for attempt in (
    lambda: runpy.run_path(OUTSIDE + "/outsider.py"),
    lambda: zipimport.zipimporter(OUTSIDE),
    lambda: __import__("site").addsitedir(OUTSIDE),
    lambda: __import__("tokenize").open(SECRET_FILE).read(),
    lambda: __import__("importlib.util").util.spec_from_file_location("x", OUTSIDE + "/outsider.py").loader.get_data(SECRET_FILE),
):
    try:
        print("BREACH" if attempt() is not None and attempt is None else "")
    except (OSError, ImportError, AttributeError):
        pass
import outsider
