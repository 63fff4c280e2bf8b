"""Programs that use what surrounds a program: limits, the machine, `/tmp`, their own files.

`test_fidelity.py` runs each plainly and in a guest. NAME stands for a name that nothing else in
`/tmp` has.
"""

RESOURCES = {
    "stack to infinity": "import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK,"
    " (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\nsys.setrecursionlimit(10**6)\n"
    "print(sys.getrecursionlimit(), resource.getrlimit(resource.RLIMIT_STACK))",
    "stack to -1": "import resource as r; r.setrlimit(r.RLIMIT_STACK, (r.RLIM_INFINITY, -1))\n"
    "print(r.getrlimit(r.RLIMIT_STACK))",
    "stack to its hard limit": "import resource as r; _, hard = r.getrlimit(r.RLIMIT_STACK)\n"
    "r.setrlimit(r.RLIMIT_STACK, (hard, hard)); print('x')",
    "stack, as a list": "import resource as r; r.setrlimit(r.RLIMIT_STACK, [2**29, 2**29])\n"
    "print(r.getrlimit(r.RLIMIT_STACK))",
    "stack that is used": "import resource as r, sys; from functools import lru_cache\n"
    "r.setrlimit(r.RLIMIT_STACK, (-1, -1)); sys.setrecursionlimit(10**6)\n@lru_cache(None)\n"
    "def f(n): return n and 1 + f(n - 1)\n"
    "try: print(f(150_000))\nexcept RecursionError: print('too deep')",
    **{
        f"{name} to infinity": f"import resource as r; r.setrlimit(r.RLIMIT_{name}, (-1, -1))\n"
        "print('x')"
        for name in ("AS", "DATA", "CPU", "FSIZE", "CORE")
    },
    "address space of 64 GiB": "import resource as r; r.setrlimit(r.RLIMIT_AS, (2**36, 2**36))\n"
    "print('x')",
    "open files": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (1024, 1024)); print('x')",
    "a lower limit": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (8, 8))\n"
    "print(r.getrlimit(r.RLIMIT_NOFILE))",
    "limits that are wrong": "import resource as r\n"
    "for limits in ((5, 4), (-1, 4), (5,), 5, 'xy', (1.5, 2)):\n"
    "    try: r.setrlimit(r.RLIMIT_STACK, limits)\n"
    "    except Exception as e: print(type(e).__name__)",
    "no such limit": "import resource as r\ntry: r.setrlimit(99, (-1, -1))\n"
    "except ValueError as e: print(e)",
    "recursion limits": "import sys\nprint(sys.getrecursionlimit())\nfor n in (3000, 0, -1, 'x'):\n"
    "    try: sys.setrecursionlimit(n)\n    except Exception as e: print(type(e).__name__)\n"
    "    print(sys.getrecursionlimit())",
    "100000 frames": "import sys; sys.setrecursionlimit(10**6)\n"
    "def f(n): return n and 1 + f(n - 1)\nprint(f(100_000))",
    "a thread of 1 GiB": "import sys, threading\nsys.setrecursionlimit(10**6)\n"
    "threading.stack_size(2**30 - 2**20)\ndef f(n): return n and 1 + f(n - 1)\n"
    "t = threading.Thread(target=lambda: print(f(100_000))); t.start(); t.join()",
}

MACHINE = {
    "uuid1": "import uuid; a, b = uuid.uuid1(), uuid.uuid1(); print(a.version, a != b)",
    "uuid.getnode": "import uuid; print(uuid.getnode() > 0)",
    "all ways to a node": "import uuid; print([g() and 0 for g in uuid._GETTERS] and 'x')",
    "platform": "import platform as p; print(p.platform(), p.processor(), p.machine(), p.node(),"
    " p.release(), p.libc_ver(), p.python_build())",
    "platform.uname": "import platform; print(platform.uname(), tuple(platform.uname()))",
    "os-release": "import platform\ntry: platform.freedesktop_os_release()\n"
    "except OSError: pass\nprint('x')",
    "os.uname": "import os; print(os.uname())",
    "host name": "import socket; print(socket.gethostname(), bool(socket.getfqdn()))",
    "message id": "from email.utils import make_msgid; print('@' in make_msgid())",
    "SMTP without a server": "import smtplib; smtplib.SMTP(); print('x')",
    "is there IPv6": "import socket\n"
    "try: socket.socket(socket.AF_INET6).bind(('no-such-host.invalid', 0))\n"
    "except Exception: print('x')",
    "the system's log": "import logging.handlers, socket\n"
    "for f in (lambda: logging.handlers.SysLogHandler('/no/log'), lambda: socket.socket(1, 2)"
    ".connect('/no/log')):\n    try: f()\n    except OSError: print('x')",
    "services": "import socket\ntry: print(socket.getservbyname('http'))\n"
    "except OSError as e: print(e)",
    "login": "import os\ntry: os.getlogin()\nexcept OSError: pass\nprint('x')",
    "processors": "import os, multiprocessing; print(os.cpu_count(), multiprocessing.cpu_count(),"
    " len(os.sched_getaffinity(0)))",
    "sysconf": "import os; print(os.sysconf('SC_NPROCESSORS_ONLN'), os.sysconf('SC_PAGE_SIZE'))",
    "set locale": "import locale; print(locale.setlocale(locale.LC_ALL, ''), locale.localeconv()"
    "['decimal_point'])",
    "tzset": "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); print(time.tzname,"
    " time.localtime(0).tm_hour)",
    "a browser": "import webbrowser; print(webbrowser.open('http://host.invalid') in (True, "
    "False))",
    "pool with a substitute": "from multiprocessing import Pool\ndef f(x): return x * x\ntry:\n"
    "    with Pool(2) as p: print(p.map(f, range(3)))\nexcept OSError: print(list(map(f, "
    "range(3))))",
    "ThreadPool": "from multiprocessing.pool import ThreadPool\n"
    "with ThreadPool(3) as p: print(p.map(abs, [-1, 2]), list(p.imap_unordered(abs, [-3])))",
    "locks of multiprocessing": "import multiprocessing as m\nl, r, s = m.Lock(), m.RLock(),"
    " m.BoundedSemaphore(2)\nwith l: print(l.acquire(False))\nwith r, r: print(r.acquire(False))\n"
    "s.acquire(); print(s.acquire(False), s.acquire(timeout=0.01)); s.release(); s.release()\n"
    "try: s.release()\nexcept ValueError as e: print(e)\n"
    "try: m.RLock().release()\nexcept AssertionError as e: print(e)\n"
    "c = m.Condition()\nwith c: print(c.wait(0.01))\ne = m.Event(); e.set(); print(e.wait())",
    "a lock between threads": "import multiprocessing as m, threading\nl = m.Lock(); l.acquire()\n"
    "threading.Timer(0.05, l.release).start(); l.acquire(); print('x')",
    "queues of multiprocessing": "import multiprocessing as m\nq, s, j = m.Queue(), "
    "m.SimpleQueue(),"
    " m.JoinableQueue()\nq.put(1); s.put([2]); j.put(3); print(q.get(), s.get(), j.get());"
    " j.task_done(); j.join()",
    "pipe of multiprocessing": "import multiprocessing as m; a, b = m.Pipe(); a.send([1])\n"
    "print(b.recv())",
    "types of files": "import mimetypes; print(mimetypes.guess_type('a.html'), mimetypes.guess_type"
    "('a.tar.gz'), mimetypes.guess_extension('text/css'), mimetypes.guess_type('a.xyz'))",
    "HTTP, unused": "import http.server, urllib.request, ftplib, imaplib, smtplib; print('x')",
    "foreign files that are not there": "import os\n"
    "for f in (open, os.listdir, os.scandir, os.stat, os.open):\n"
    "    try: f('/no/such/file', *([0] if f is os.open else []))\n"
    "    except FileNotFoundError as e: print(e)\nprint(os.path.exists('/no/such/file'))",
    "home": "from pathlib import Path; import os; print(Path.home().is_dir(), os.path.expanduser("
    "'~') == str(Path.home()))",
}

TMP = {
    "text": "with open('/tmp/NAME', 'w') as f: f.write('1 2')\n"
    "with open('/tmp/NAME') as f: print(sum(map(int, f.read().split())), f.name, f)",
    "append": "for i in range(3):\n    with open('/tmp/NAME', 'a') as f: print(i, file=f)\n"
    "print(open('/tmp/NAME').read())",
    "bytes": "open('/tmp/NAME', 'wb').write(b'\\0\\1'); f = open('/tmp/NAME', 'rb'); "
    "print(f.read(),"
    " f.name, f.raw.name, open(b'/tmp/NAME', 'rb', 0).name)",
    "options of open": "f = open(file='/tmp/NAME', mode='w+', encoding='latin-1', newline='\\n')\n"
    "f.write('é\\n'); f.seek(0); print(repr(f.read()), f)\n"
    "try: open('/tmp/NAME', 'x')\nexcept FileExistsError as e: print(e, e.filename)",
    "opener": "import os\nf = open('/tmp/NAME', 'w', opener=lambda p, flags: print(p) or"
    " os.open(p, flags, 0o600)); print(oct(os.stat('/tmp/NAME').st_mode))",
    "what is not there": "import os\nfor f in (open, os.stat, os.listdir, os.rmdir, os.remove):\n"
    "    try: f('/tmp/NAME/x')\n    except OSError as e: print(e, repr(e.filename))\n"
    "for f in (os.rename, os.replace):\n    try: f('/tmp/NAME', '/tmp/NAME2')\n"
    "    except OSError as e: print(e, repr(e.filename), repr(e.filename2))",
    "folders": "import os, shutil\nos.makedirs('/tmp/NAME/b/c'); open('/tmp/NAME/b/x', "
    "'w').close()\n"
    "os.makedirs('/tmp/NAME/b', exist_ok=True)\n"
    "try: os.mkdir('/tmp/NAME')\nexcept FileExistsError as e: print(e)\n"
    "print(sorted(os.listdir('/tmp/NAME/b')), os.path.getsize('/tmp/NAME/b/x'), os.path.isdir"
    "('/tmp/NAME/b'), list(os.walk('/tmp/NAME')), list(os.walk('/tmp/NAME', topdown=False)),"
    " [step[:3] for step in os.fwalk('/tmp/NAME')])\n"
    "shutil.rmtree('/tmp/NAME'); print(os.path.exists('/tmp/NAME'))",
    "scandir": "import os\nos.mkdir('/tmp/NAME'); open('/tmp/NAME/x', 'w').close()\n"
    "with os.scandir('/tmp/NAME') as entries:\n    for e in entries: print(e, e.name, e.path,"
    " os.fspath(e), e.is_file(), e.is_dir(), e.is_symlink(), e.stat().st_size, open(e).read())",
    "pathlib": "from pathlib import Path\np = Path('/tmp') / 'NAME' / 'e'; p.mkdir(parents=True)\n"
    "(p / 'f.txt').write_text('hi'); print((p / 'f.txt').read_text(), list(p.iterdir()), sorted("
    "p.parent.rglob('*')), list(p.glob('*.txt')), (p / 'f.txt').resolve(strict=True), p.is_dir(),"
    " p.exists(), (p / 'f.txt').stat().st_size)\n(p / 'f.txt').rename(p / 'g'); (p / 'g').touch()\n"
    "(p / 'g').unlink(); p.rmdir(); print(list(Path('/tmp/NAME').iterdir()))",
    "glob": "import glob\nfor n in '12': open('/tmp/NAME' + n, 'w').close()\n"
    "print(sorted(glob.glob('/tmp/NAME*')), glob.glob('/tmp/NAME?/x'))",
    "moves": "import os, shutil\nopen('/tmp/NAME', 'w').write('a'); os.rename('/tmp/NAME', 'b')\n"
    "os.replace('b', '/tmp/NAME'); print(open('/tmp/NAME').read(), os.path.exists('b'))\n"
    "shutil.copy('/tmp/NAME', 'c'); shutil.move('c', '/tmp/NAME2'); "
    "print(open('/tmp/NAME2').read())",
    "current directory": "import os\nhome = os.getcwd(); os.mkdir('/tmp/NAME'); "
    "os.chdir('/tmp/NAME')\n"
    "open('k', 'w').close(); os.mkdir('d'); os.chdir('d'); print(os.getcwd(), os.getcwdb(), os.path"
    ".abspath('x'), os.path.realpath('.'), os.listdir('/tmp/NAME')); os.chdir(home)\n"
    "print(os.getcwd() == home)",
    "temporary files": "import os, tempfile\nfd, p = tempfile.mkstemp(dir='/tmp'); os.close(fd)\n"
    "print(os.path.dirname(p), os.path.exists(p)); os.remove(p)\n"
    "with tempfile.NamedTemporaryFile('w+', dir='/tmp') as f: print(f.write('x'), f.name[:5])\n"
    "with tempfile.TemporaryDirectory(dir='/tmp') as d: open(d + '/x', 'w'); print(os.listdir(d))\n"
    "with tempfile.TemporaryDirectory() as d:\n    home = os.getcwd(); os.chdir(d)\n"
    "    print(os.getcwd() == os.path.realpath(d)); os.chdir(home)\n"
    "with tempfile.TemporaryFile() as f: print(f.write(b'x'))\nprint(os.path.exists(d))",
    "sizes and times": "import os, shutil\nopen('/tmp/NAME', 'w').write('abcdef')\n"
    "os.truncate('/tmp/NAME', 2); os.utime('/tmp/NAME', (1, 2)); s = os.stat('/tmp/NAME')\n"
    "print(s.st_size, s.st_mtime, os.access('/tmp', os.W_OK), os.path.isdir('/tmp/'), shutil"
    ".disk_usage('/tmp').total > 0, os.path.realpath('/tmp/NAME'), oct(s.st_mode))\n"
    "os.chmod('/tmp/NAME', 0o640); print(oct(os.stat('/tmp/NAME').st_mode))",
    "modules": "import sys, runpy, importlib.util as u\nopen('/tmp/NAME.py', 'w').write('y = 7')\n"
    "sys.path.insert(0, '/tmp'); m = __import__('NAME'); print(m.y, runpy.run_path('/tmp/NAME.py')"
    "['y'])\ns = u.spec_from_file_location('m', '/tmp/NAME.py'); n = u.module_from_spec(s)\n"
    "s.loader.exec_module(n); print(n.y)",
    "archives": "import gzip, os, tarfile, zipfile\n"
    "with zipfile.ZipFile('/tmp/NAME.zip', 'w') as z: z.writestr('a', 'b')\n"
    "print(zipfile.is_zipfile('/tmp/NAME.zip')); "
    "zipfile.ZipFile('/tmp/NAME.zip').extractall('/tmp/NAME')\n"
    "with tarfile.open('/tmp/NAME.tgz', 'w:gz') as t: t.add('/tmp/NAME', 'd')\n"
    "tarfile.open('/tmp/NAME.tgz').extractall('/tmp/NAME2'); print(os.listdir('/tmp/NAME2/d'))\n"
    "with gzip.open('/tmp/NAME.gz', 'wt') as f: "
    "f.write('x')\nprint(gzip.open('/tmp/NAME.gz').read())",
    "libraries": "import csv, json, logging, pickle, shelve\n"
    "with open('/tmp/NAME', 'w', newline='') as f: csv.writer(f).writerow([1, 2])\n"
    "print(list(csv.reader(open('/tmp/NAME')))); json.dump({}, open('/tmp/NAME', 'w'))\n"
    "pickle.dump([1], open('/tmp/NAME', 'wb')); print(pickle.load(open('/tmp/NAME', 'rb')))\n"
    "logging.basicConfig(filename='/tmp/NAME.log', format='%(message)s'); logging.error('x')\n"
    "print(open('/tmp/NAME.log').read())",
    "other places": "import os\nfor f in ('/var/tmp/NAME', '/dev/shm/NAME'):\n"
    "    open(f, 'w').write('x'); print(open(f).read(), "
    "os.listdir(os.path.dirname(f)).count('NAME'))\n"
    "    os.remove(f)",
    "shelve": "import shelve\nwith shelve.open('/tmp/NAME') as s: s['a'] = 1\n"
    "with shelve.open('/tmp/NAME') as s: print(s['a'])",
    "copytree": "import os, shutil\nos.makedirs('/tmp/NAME/d'); open('/tmp/NAME/x', 'w').close()\n"
    "shutil.copytree('/tmp/NAME', 'c'); shutil.copytree('c', '/tmp/NAME2', dirs_exist_ok=True)\n"
    "print(sorted(os.listdir('/tmp/NAME2'))); shutil.copystat('/tmp/NAME/x', '/tmp/NAME2/x')",
    "not in the current directory": "import os, tempfile\nbefore = os.listdir()\n"
    "open('/tmp/NAME', 'w').close(); f = tempfile.NamedTemporaryFile(); print(os.listdir() == "
    "before)",
}  # fmt: skip

# What a strict hook refuses anyway.
TMP_BY_KERNEL = {
    "links": "import os\nopen('/tmp/NAME', 'w').write('z'); os.symlink('/tmp/NAME', '/tmp/NAME2')\n"
    "print(os.readlink('/tmp/NAME2'), open('/tmp/NAME2').read(), os.path.realpath('/tmp/NAME2'))\n"
    "os.link('/tmp/NAME', '/tmp/NAME3'); print(os.stat('/tmp/NAME3').st_nlink)",
    "sqlite3": "import sqlite3\nc = sqlite3.connect('/tmp/NAME.db'); c.execute('create table "
    "t(x)')\n"
    "c.execute('insert into t values(5)'); c.commit(); c.close()\n"
    "for name, uri in (('/tmp/NAME.db', False), ('file:/tmp/NAME.db?mode=ro', True)):\n"
    "    print(sqlite3.connect(database=name, uri=uri).execute('select x from t').fetchall())",
    "values of multiprocessing": "import multiprocessing as m; v = m.Value('i', 3)\n"
    "with v.get_lock(): v.value += 1\nprint(v.value, m.Array('d', [1, 2])[:])",
}  # fmt: skip

OWN_FILES = {
    "a mode": "import os, stat\nopen('a', 'w').close(); os.chmod('a', 0o400)\n"
    "print(oct(stat.S_IMODE(os.stat('a').st_mode)))",
    "modes": "import os, stat\nopen('a', 'w').close()\n"
    "for m in (0o755, 0o644, 0, 0o777, 0o100, 0o600): os.chmod('a', m); "
    "print(stat.filemode(os.stat("
    "'a').st_mode))",
    "modes of folders": "import os\nos.mkdir('d'); os.chmod('d', 0o700); print(oct(os.stat('d')"
    ".st_mode)); os.chmod('d', 0o1777); print(oct(os.stat('d').st_mode)); os.chmod('.', 0o755)",
    "Path.chmod": "from pathlib import Path\np = Path('b'); p.touch(); p.chmod(0o640)\n"
    "p.chmod(p.stat().st_mode | 0o111); print(oct(p.stat().st_mode))",
    "fchmod": "import os\nf = open('c', 'w'); f.write('x'); os.fchmod(f.fileno(), 0o604); "
    "f.write('y')\n"
    "f.close(); fd = os.open('c', 0); print(oct(os.fstat(fd).st_mode)); os.chmod(fd, 0o640)\n"
    "print(oct(os.fstat(fd).st_mode), open('c').read())",
    "a program of its own": "import os, shutil\nopen('tool', 'w').close()\n"
    "print(shutil.which('./tool'), os.access('tool', os.X_OK)); os.chmod('tool', 0o755)\n"
    "print(shutil.which('./tool'), os.access('tool', os.X_OK))",
    "a folder's descriptor": "import os\nos.mkdir('d'); open('d/x', 'w').close(); fd = "
    "os.open('d', 0)\n"
    "os.chmod('x', 0o604, dir_fd=fd); print(oct(os.stat('d/x').st_mode), os.chmod in"
    " os.supports_dir_fd, os.chmod in os.supports_fd)",
    "times": "import os\nfrom pathlib import Path\nPath('x').touch(); fd = os.open('x', 0)\n"
    "s = lambda p: (os.stat(p).st_atime_ns, os.stat(p).st_mtime_ns)\n"
    "for t in ((1, 2), (1.5, 2.25), (0.1, 1e9 + 0.7), (-1.25, True)): os.utime('x', t); "
    "print(s('x'))\n"
    "os.utime(fd, ns=(3, 4)); print(s('x')); os.utime('x', (5, 6), follow_symlinks=False)\n"
    "print(s('x'))\n"
    "os.utime('x', dir_fd=os.open('.', 0)); print(s('x')[1] > 10**18); Path('x').touch()\n"
    "print(os.utime in os.supports_fd, os.utime in os.supports_dir_fd)",
    "times that fail": "import os\nopen('x', 'w').close()\n"
    "for a, k in ((('no',), {}), (('x', 1), {}), (('x', (1,)), {}), (('x', [1, 2]), {}),\n"
    "    (('x', (1, 'y')), {}), (('x', (1, 2)), {'ns': (1, 2)}), (('x',), {'ns': (1, 2.5)}),\n"
    "    (('x',), {'ns': 3}), ((77, (1, 2)), {}), (('no\\0',), {}), (('x', (1e300, 1)), {})):\n"
    "    try: print(os.utime(*a, **k))\n"
    "    except OSError as e: print(e.errno)\n    except Exception as e: print(type(e))",
    "modes that fail": "import os\nfor f in (lambda: os.chmod('no', 0o644), os.chmod, lambda: "
    "os.chmod("
    "'no', 'x'), lambda: os.fchmod(77, 0o600), lambda: os.chmod('no\\0', 0)):\n"
    "    try: f()\n    except OSError as e: print(e)\n    except Exception as e: print(type(e))",
    "copies": "import os, shutil\nopen('a', 'w').write('x'); os.mkdir('d'); os.chmod('a', 0o640)\n"
    "print(shutil.copy('a', 'b'), shutil.copy('a', 'd'), shutil.copy2('a', 'c'), shutil.copyfile("
    "'a', 'e'), [oct(os.stat(n).st_mode) for n in ('b', 'd/a', 'c', 'e')], os.stat('a').st_mtime_ns"
    " == os.stat('c').st_mtime_ns, open('d/a').read())",
    "copies of a read-only file": "import os, shutil\nopen('a', 'w').write('x'); os.chmod('a', "
    "0o444)\n"
    "shutil.copy('a', 'b'); shutil.copy2('a', 'c'); print(oct(os.stat('b').st_mode), open('c')"
    ".read()); os.remove('a')",
    "copymode": "import os, shutil\nopen('a', 'w').close(); open('b', 'w').close(); "
    "os.chmod('a', 0o751)\n"
    "shutil.copymode('a', 'b'); print(oct(os.stat('b').st_mode)); os.chmod('a', 0o600)\n"
    "shutil.copystat('a', 'b'); print(oct(os.stat('b').st_mode))",
    "copytree": "import os, shutil\nos.makedirs('a/b'); open('a/b/c', 'w').write('q')\n"
    "os.chmod('a/b/c', 0o640); print(shutil.copytree('a', 'd'), oct(os.stat('d/b/c').st_mode))\n"
    "shutil.copytree('a', 'd', dirs_exist_ok=True); shutil.move('d', 'e'); "
    "print(os.listdir('e/b'))\n"
    "shutil.rmtree('a'); print(os.path.exists('a'))",
    "archives": "import os, shutil\nos.mkdir('d'); open('d/x', 'w').write('1'); os.chmod('d/x', "
    "0o751)\n"
    "shutil.make_archive('z', 'zip', 'd'); shutil.make_archive('t', 'gztar', 'd')\n"
    "shutil.unpack_archive('z.zip', 'o'); shutil.unpack_archive('t.tar.gz', 'p')\n"
    "print(os.listdir('o'), open('o/x').read(), oct(os.stat('p/x').st_mode))",
    "its owner": "import os, shutil\nopen('a', 'w').close(); os.chown('a', os.getuid(), "
    "os.getgid())\n"
    "os.chown('a', -1, -1); os.fchown(os.open('a', 0), -1, -1); os.lchown('a', -1, -1)\n"
    "shutil.chown('a', os.getuid()); print('x')",
    "sizes": "import os\nopen('a', 'w').write('abc'); os.truncate('a', 1); "
    "print(open('a').read())\n"
    "os.truncate(os.open('a', os.O_RDWR), 5); print(os.path.getsize('a'))",
    "dbm": "import dbm.dumb\nd = dbm.dumb.open('db', 'c'); d[b'a'] = b'1'; d.close()\n"
    "print(dbm.dumb.open('db')[b'a'])",
    "umask": "import os\nos.umask(0o077); open('a', 'w').close(); print(oct(os.stat('a').st_mode))",
    "open, looked at": "import inspect, io, pickle, os\nclass A: f = open\n"
    "print(open is io.open, A().f('a', 'w').name, open.__name__, callable(open), os.stat.__name__,"
    " list(inspect.signature(open).parameters), pickle.loads(pickle.dumps(os.stat)) is os.stat)\n"
    "for a in ((), (1.5,), ('a', 'q'), ('a\\0',), (-1,)):\n"
    "    try: open(*a)\n    except Exception as e: print(type(e))",
}  # fmt: skip
