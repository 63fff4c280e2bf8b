# tries: to read the secret file by libraries that open files in C
# must: harmless|runtime_error

import contextlib, os

os.environ["TZ"] = ":" + SECRET_FILE
os.environ["LOCPATH"] = OUTSIDE
os.environ["INPUTRC"] = SECRET_FILE


def ways():
    yield lambda: __import__("time").tzset() or __import__("time").tzname
    yield lambda: __import__("readline").read_history_file(SECRET_FILE) or __import__("readline").get_history_item(1)
    yield lambda: __import__("ssl").create_default_context(cafile=SECRET_FILE)
    yield lambda: __import__("dbm.gnu").gnu.open(SECRET_FILE, "r").keys()
    yield lambda: __import__("curses").setupterm("x")
    yield lambda: __import__("locale").setlocale(0, "xx_XX")
    yield lambda: __import__("gettext").GNUTranslations(open(SECRET_FILE, "rb"))
    yield lambda: __import__("pyexpat").ParserCreate().ParseFile(open(SECRET_FILE, "rb"))
    yield lambda: __import__("sqlite3").connect(SECRET_FILE).execute("select * from x")
    yield lambda: __import__("hashlib").file_digest(open(SECRET_FILE, "rb"), "md5")
    yield lambda: __import__("tracemalloc").Snapshot.load(SECRET_FILE)


for way in ways():
    with contextlib.suppress(Exception):
        print(way())
