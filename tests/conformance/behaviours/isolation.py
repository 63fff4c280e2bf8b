"""What a guest must not reach, tried by programs that know Python well.

Every attack prints BREACH when it has done what it must not do. It may end in any other way: with
an exception, by the filter, by the hook.
"""

import struct

FILES = {
    "open": "print(open(MARKER).read())",
    "bytes path": "print(open(os.fsencode(MARKER)).read())",
    "posix.open": "print(os.read(os.open(MARKER, os.O_RDONLY), 99))",
    "FileIO": "import io; print(io.FileIO(MARKER).read())",
    "open_code": "import io; print(io.open_code(MARKER).read())",
    "pathlib": "import pathlib; print(pathlib.Path(MARKER).read_text())",
    "dots": "print(open(os.getcwd() + '/../' * 9 + MARKER).read())",
    "dots after a readable tree": "print(open(DYNLOAD + '/..' * 9 + MARKER).read())",
    "slashes": "print(open('//' + MARKER).read())",
    "chdir": "os.chdir(OUTSIDE); print(open('marker').read())",
    "fchdir": "os.fchdir(os.open(OUTSIDE, os.O_PATH)); print(open('marker').read())",
    "dir_fd": """
folder = os.open(OUTSIDE, os.O_PATH)
print(os.read(os.open('marker', os.O_RDONLY, dir_fd=folder), 99))
""",
    "dots from a dir_fd": """
folder = os.open(TREE, os.O_RDONLY)
print(os.read(os.open('../' * 20 + MARKER[1:], os.O_RDONLY, dir_fd=folder), 99))
""",
    "symlink": "os.symlink(MARKER, 'link'); print(open('link').read())",
    "symlinked folder": "os.symlink('/', 'root'); print(open('root' + MARKER).read())",
    "hard link": "os.link(MARKER, 'link'); print(open('link').read())",
    "rename into the work directory": "os.rename(MARKER, 'mine'); print(open('mine').read())",
    "list": "assert 'marker' in os.listdir(OUTSIDE); print('BREACH')",
    "scandir": "assert list(os.scandir(OUTSIDE)); print('BREACH')",
    "glob": "import glob; assert glob.glob(OUTSIDE + '/*'); print('BREACH')",
    "walk": "assert list(os.walk(OUTSIDE)); print('BREACH')",
    "shutil.copy": "import shutil; shutil.copy(MARKER, 'mine'); print(open('mine').read())",
    "linecache": "import linecache; print(linecache.getlines(MARKER))",
    "runpy": "import runpy; runpy.run_path(MARKER + '.py'); print('BREACH')",
    "import": "sys.path.append(OUTSIDE); import outsider; print('BREACH')",
    "zipimport": "import zipimport; zipimport.zipimporter(OUTSIDE + '/z.zip'); print('BREACH')",
    "mmap": """
import mmap
print(mmap.mmap(os.open(MARKER, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:])
""",
    "opener": "print(open('x', opener=lambda *_: os.open(MARKER, os.O_RDONLY)).read())",
    "xml entity": """
from xml.sax import handler, make_parser, xmlreader
parser = make_parser()
parser.setFeature(handler.feature_external_ges, True)
class Show(handler.ContentHandler):
    def characters(self, content): print(content)
parser.setContentHandler(Show())
open('x.xml', 'w').write('<!DOCTYPE x [<!ENTITY m SYSTEM "file://%s">]><x>&m;</x>' % MARKER)
parser.parse('x.xml')
""",
    "sqlite attach": """
import sqlite3
connection = sqlite3.connect(':memory:')
connection.execute("attach database '%s/made.db' as outside" % OUTSIDE)
connection.execute('create table outside.t (x)'); connection.commit()
print('BREACH')
""",
    "a path that lies": """
class Liar:
    def __init__(self): self.paths = iter(['x', 'x', MARKER, MARKER])
    def __fspath__(self): return next(self.paths)
open('x', 'w').close()
liar = Liar()
for _ in range(3):
    try: print(open(liar).read())
    except (OSError, TypeError): pass
""",
    "a string that lies": """
class Liar(str):
    def startswith(self, *_): return True
    def __contains__(self, _): return False
    def __add__(self, _): return self
print(open(Liar(MARKER)).read())
""",
    "chroot": """
os.chroot(OUTSIDE)
print(open('/usr/lib/marker').read())
""",
    "the program file of others": "assert os.listdir('/proc/%d/fd' % PARENT); print('BREACH')",
    "passwd": "assert open('/etc/passwd').read(); print('BREACH')",
    "the tests of this repository": "assert open(THIS_FILE).read(); print('BREACH')",
    "the sandbox's own source": "assert open(SANDBOX + '/host/local.py').read(); print('BREACH')",
    "another worker's folder": """
for folder in WORKERS:
    if folder != os.getcwd():
        os.listdir(folder); open(folder + '/x', 'w').close(); print('BREACH')
""",
    "environment of the parent": "open('/proc/%d/environ' % PARENT).read(); print('BREACH')",
    "own environment at its birth": "open('/proc/self/environ').read(); print('BREACH')",
    "memory of the parent": "open('/proc/%d/mem' % PARENT, 'rb'); print('BREACH')",
    "own memory": "open('/proc/self/mem', 'r+b'); print('BREACH')",
}

WRITES = {
    "open": "open(OUTSIDE + '/made', 'w'); print('BREACH')",
    "append": "open(MARKER, 'a').write('x'); print('BREACH')",
    "mkdir": "os.mkdir(OUTSIDE + '/made'); print('BREACH')",
    "rename out of the work directory": """
open('x', 'w').close(); os.rename('x', OUTSIDE + '/made'); print('BREACH')
""",
    "remove": "os.remove(MARKER); print('BREACH')",
    "truncate": "os.truncate(MARKER, 0); print('BREACH')",
    "chmod": "os.chmod(MARKER, 0o600); print('BREACH')",
    "chown": "os.chown(MARKER, os.getuid(), -1); print('BREACH')",
    "xattr": "os.setxattr(MARKER, 'user.x', b'x'); print('BREACH')",
    "times": "os.utime(MARKER, (1, 1)); print('BREACH')",
    "times of now": "os.utime(MARKER); print('BREACH')",
    "times of a link": "os.symlink(MARKER, 'link'); os.utime('link', (1, 1)); print('BREACH')",
    "times of an open file": "os.utime(os.open(os.__file__, os.O_RDONLY), (1, 1)); print('BREACH')",
    "times by ctypes": """
import ctypes
libc = ctypes.CDLL(None)
times = (ctypes.c_long * 4)(1, 0, 1, 0)
done = [libc.utimensat(-100, MARKER.encode(), times, 0), libc.utimes(MARKER.encode(), times),
        libc.futimens(os.open(os.__file__, os.O_RDONLY), times), libc.utime(MARKER.encode(), None)]
if 0 in done: print('BREACH')
""",
    "modes and owners by ctypes": """
import ctypes
libc = ctypes.CDLL(None)
done = [libc.chmod(MARKER.encode(), 0o600), libc.chown(MARKER.encode(), -1, -1),
        libc.lchown(MARKER.encode(), -1, -1), libc.truncate(MARKER.encode(), 0),
        libc.syscall(452, -100, MARKER.encode(), 0o600, 0), libc.unlink(MARKER.encode()),
        libc.setxattr(MARKER.encode(), b'user.x', b'x', 1, 0),
        libc.link(MARKER.encode(), b'mine'), libc.rename(MARKER.encode(), b'mine')]
if 0 in done: print('BREACH')
""",
    "mkfifo": "os.mkfifo(OUTSIDE + '/made'); print('BREACH')",
    "a file in the machine's /tmp": "open('/tmp/made-by-a-guest', 'w'); print('BREACH')",
    "a file in /dev/shm": "open('/dev/shm/made-by-a-guest', 'w'); print('BREACH')",
    "mknod": "os.mknod(OUTSIDE + '/made'); print('BREACH')",
    "next to the work directory": "open('../made', 'w'); print('BREACH')",
    "into the interpreter": "open(TREE + '/made-by-a-guest', 'w'); print('BREACH')",
    "into the interpreter, by dir_fd": """
folder = os.open(TREE, os.O_RDONLY)
os.open('made-by-a-guest', os.O_WRONLY | os.O_CREAT, dir_fd=folder)
os.unlink('made-by-a-guest', dir_fd=folder)
print('BREACH')
""",
    "into the interpreter, by a folder made there": """
folder = os.open(TREE, os.O_RDONLY)
os.mkdir('made-by-a-guest', dir_fd=folder)
os.rmdir('made-by-a-guest', dir_fd=folder)
print('BREACH')
""",
    "into the interpreter, by an open descriptor": """
os.dup2(os.open(os.__file__, os.O_RDONLY), 0)
open('/proc/self/fd/0', 'r+b'); print('BREACH')
""",
    "into the interpreter, a mode by an open descriptor": """
file = os.open(os.__file__, os.O_RDONLY)
os.fchmod(file, os.fstat(file).st_mode & 0o7777); print('BREACH')
""",
    "into the interpreter, an owner by an open descriptor": """
os.fchown(os.open(os.__file__, os.O_RDONLY), -1, -1); print('BREACH')
""",
    "into the interpreter, by a change of folder in time": """
import threading
work, stop = os.getcwd(), []
def flip():
    while not stop:
        os.chdir(TREE); os.chdir(work)
thread = threading.Thread(target=flip)
thread.start()
sys.setswitchinterval(1e-6)
for _ in range(2000):
    try: os.close(os.open('made-by-a-guest', os.O_WRONLY | os.O_CREAT))
    except OSError: pass
    if os.path.exists(TREE + '/made-by-a-guest'):
        print('BREACH')
        break
stop.append(1); thread.join()
""",
    "shared memory": """
import _posixshmem
_posixshmem.shm_open('/made-by-a-guest', os.O_CREAT | os.O_RDWR, mode=0o600)
_posixshmem.shm_unlink('/made-by-a-guest'); print('BREACH')
""",
    "named semaphore": """
_multiprocessing = load_native('_multiprocessing', find_native('_multiprocessing'))
_multiprocessing.SemLock(1, 1, 1, '/made-by-a-guest', False)
_multiprocessing.sem_unlink('/made-by-a-guest'); print('BREACH')
""",
    "a map for perf": """
sys.activate_stack_trampoline('perf')
(lambda: 0)()
path = '/tmp/perf-%d.map' % os.getpid()
assert os.path.exists(path); print('BREACH')
""",
    "keys of TLS": """
import ssl
ssl.create_default_context().keylog_filename = OUTSIDE + '/made'; print('BREACH')
""",
}

PROCESSES = {
    "kill the parent": "os.kill(PARENT, 0); print('BREACH')",
    "kill the group": "os.killpg(os.getpgid(PARENT), 0); print('BREACH')",
    "kill everybody": "os.kill(-1, 0); print('BREACH')",
    "kill the group by zero": "os.kill(0, 0); print('BREACH')",
    "pidfd": """
import signal
signal.pidfd_send_signal(os.pidfd_open(PARENT), 0); print('BREACH')
""",
    "pidfd, from the frames below": """
frame = sys._getframe()
while frame.f_back: frame = frame.f_back
import signal
signal.pidfd_send_signal(frame.f_globals['pidfd_open'](PARENT), 0); print('BREACH')
""",
    "a signal by way of a descriptor's owner": """
import fcntl, socket
end, _ = socket.socketpair()
fcntl.fcntl(end, fcntl.F_SETOWN, PARENT); print('BREACH')
""",
    "limits of the parent": """
import resource
resource.prlimit(PARENT, resource.RLIMIT_NOFILE); print('BREACH')
""",
    "niceness of the parent": "os.setpriority(os.PRIO_PROCESS, PARENT, 1); print('BREACH')",
    "processors of the parent": "os.sched_setaffinity(PARENT, {0}); print('BREACH')",
    "policy of the parent": """
os.sched_setscheduler(PARENT, os.SCHED_BATCH, os.sched_param(0)); print('BREACH')
""",
    "ptrace": """
import ctypes
libc = ctypes.CDLL(None)
assert libc.ptrace(0x4206, PARENT, 0, 0) == 0; print('BREACH')
""",
    "read the parent's stack": """
import _testexternalinspection
assert _testexternalinspection.get_stack_trace(PARENT); print('BREACH')
""",
    "read the parent's memory": """
import ctypes
class Piece(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
here = ctypes.create_string_buffer(8)
mine, theirs = Piece(ctypes.addressof(here), 8), Piece(id(None), 8)
libc = ctypes.CDLL(None)
assert libc.process_vm_readv(PARENT, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) == 8
print('BREACH')
""",
    "fork": "os.fork(); print('BREACH')",
    "forkpty": "os.forkpty(); print('BREACH')",
    "exec": "os.execv('/bin/echo', ['echo', 'BREACH'])",
    "system": "os.system('echo BREACH')",
    "popen": "print(os.popen('echo BREACH').read())",
    "subprocess": "import subprocess; subprocess.run(['echo', 'BREACH'])",
    "posix_spawn": "os.posix_spawn('/bin/echo', ['echo', 'BREACH'], {}); os.wait()",
    "multiprocessing": """
import multiprocessing
child = multiprocessing.get_context('fork').Process(target=print, args=('BREACH',))
child.start(); child.join()
""",
    "fork by ctypes": """
import ctypes
if ctypes.CDLL(None).fork() == 0: os._exit(0)
print('BREACH')
""",
    "clone by ctypes": """
import ctypes
if ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0) == 0: os._exit(0)
print('BREACH')
""",
    "exec by ctypes": """
import ctypes
arguments = (ctypes.c_char_p * 3)(b'echo', b'BREACH', None)
ctypes.CDLL(None).execv(b'/bin/echo', arguments)
""",
    "fork_exec": "FORK_EXEC(__import__('_posixsubprocess'))",
    "fork_exec under another name": """
FORK_EXEC(load_native('other._posixsubprocess', find_native('_posixsubprocess')))
""",
    "fork_exec under a name with an end in it": """
FORK_EXEC(load_native('_posixsubprocess\\0x', find_native('_posixsubprocess')))
""",
    "another user": "os.setresuid(12345, 12345, 12345); print('BREACH')",
    "namespaces": "os.unshare(os.CLONE_NEWUSER); print('BREACH')",
    "the host's name": """
import socket
socket.sethostname(socket.gethostname()); print('BREACH')
""",
    "a higher limit": """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (10**5, 10**5)); print('BREACH')
""",
    "a higher limit, which is accepted": """
import resource
SUBSTITUTES['setrlimit'](resource.RLIMIT_NOFILE, (-1, -1))
held = [os.dup(1) for _ in range(300)]; print('BREACH')
""",
    "a higher limit of memory, which is accepted": """
import resource
SUBSTITUTES['setrlimit'](resource.RLIMIT_AS, (-1, -1))
held = [bytearray(2**30) for _ in range(16)]; print('BREACH')
""",
    "a bigger file, which is accepted": """
import resource
SUBSTITUTES['setrlimit'](resource.RLIMIT_FSIZE, (-1, -1))
os.ftruncate(os.open('x', os.O_CREAT | os.O_WRONLY), 2**33); print('BREACH')
""",
}

SOCKETS = {
    "internet": "import socket; socket.socket(); print('BREACH')",
    "internet 6": "import socket; socket.socket(socket.AF_INET6); print('BREACH')",
    "raw": "import _socket; _socket.socket(17, 3, 0); print('BREACH')",
    "netlink": "import _socket; _socket.socket(16, 3, 0); print('BREACH')",
    "a family that lies": """
import _socket
class Liar(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
_socket.socket(Liar(2), 1, 0); print('BREACH')
""",
    "urllib": """
import urllib.request
urllib.request.urlopen('http://127.0.0.1:%d/' % PORT, timeout=0.5)
""",
    "name service": "import socket; socket.getaddrinfo('localhost', 80); print('BREACH')",
    "by ctypes": "import ctypes; assert ctypes.CDLL(None).socket(2, 1, 0) >= 0; print('BREACH')",
    "local connect": """
import socket
end = socket.socket(socket.AF_UNIX)
try: end.connect(OUTSIDE + '/no such socket')
except FileNotFoundError: print('BREACH')
""",
    "local datagram": """
import socket
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
try: end.sendmsg([b'x'], [], 0, OUTSIDE + '/no such socket')
except FileNotFoundError: print('BREACH')
""",
    "local datagram from a pair": """
import socket
end, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
try: end.sendmsg([b'x'], [], 0, OUTSIDE + '/no such socket')
except FileNotFoundError: print('BREACH')
""",
    "bind": "import socket; socket.socket(1).bind('mine'); print('BREACH')",
    "asyncio": """
import asyncio
async def main(): await asyncio.open_connection('127.0.0.1', PORT)
asyncio.run(main()); print('BREACH')
""",
}

# What a guest may ask of its zygote (`sandbox/guest/own_files.py`).
REQUESTS = {
    "a mode of a foreign file": "REQUEST(0o600, MARKER)",
    "a mode of a foreign folder": "REQUEST(0o700, OUTSIDE)",
    "a mode of a file that it may read": "REQUEST(MODE_OF(os), os.__file__)",
    "a mode of the interpreter's folder": "REQUEST(0o755, TREE)",
    "a mode of the folder above": "REQUEST(0o700, '..'); REQUEST(0o700, os.getcwd() + '/..')",
    "a mode of a file of another worker": """
for folder in WORKERS:
    if folder != os.getcwd(): REQUEST(0o777, folder)
""",
    "a mode by a name that leads outside": "REQUEST(0o600, os.path.relpath(MARKER))",
    "a mode by a link": "os.symlink(MARKER, 'link'); REQUEST(0o600, os.getcwd() + '/link')",
    "a mode by a link to a folder": """
os.symlink(OUTSIDE, 'link')
REQUEST(0o600, os.getcwd() + '/link/marker')
""",
    "a mode by a hard link": "os.link(MARKER, 'link'); REQUEST(0o600, os.getcwd() + '/link')",
    "a mode by a link that comes and goes": """
import threading, time
def change():
    while True:
        os.mkdir('x'); open('x/marker', 'w').close(); os.remove('x/marker'); os.rmdir('x')
        os.symlink(OUTSIDE, 'x'); os.remove('x')
threading.Thread(target=change, daemon=True).start()
deadline = time.monotonic() + 1
while time.monotonic() < deadline: SEND((0o600).to_bytes(4, 'little') + b'x/marker')
""",
    "a mode through the substitute": "SUBSTITUTES['chmod'](MARKER, 0o600); print('BREACH')",
    "a mode through the substitute, by a link": """
os.symlink(MARKER, 'link')
SUBSTITUTES['chmod']('link', 0o600); print('BREACH')
""",
    "a mode of a process, a descriptor and a device": """
for path in ('/proc/self', '/proc/self/fd/0', '/proc/self/mem', '/dev/null'): REQUEST(0o777, path)
""",
    "a mode that runs as its owner": """
open('own', 'w').close()
SEND((0o6755).to_bytes(4, 'little') + os.path.abspath('own').encode())
if os.stat('own').st_mode & 0o6000: print('BREACH')
""",
    "an owner": "os.symlink(MARKER, 'link'); SUBSTITUTES['chown']('link', -1, -1); print('BREACH')",
    "a size": "SUBSTITUTES['truncate'](MARKER, 0); print('BREACH')",
    "times": "SUBSTITUTES['utime'](MARKER, (1, 1)); print('BREACH')",
    "times of a file that it may read": "SUBSTITUTES['utime'](os.__file__); print('BREACH')",
    "times by a link": """
os.symlink(MARKER, 'link')
SUBSTITUTES['utime']('link', (1, 1)); print('BREACH')
""",
    "nonsense": """
own = os.open('own', os.O_CREAT | os.O_WRONLY)
for text in (b'', b'x', bytes(3), bytes(5), b'x' * 100_000, b'\\xff' * 4):
    for files in ((), (own,), (own,) * 9, (own,) * 200):
        try: SEND(text, *files)
        except OSError: pass
""",
    "requests without an end": """
while True:
    try: SEND(bytes(4) + b'own', reply=False)
    except BlockingIOError: pass
""",
    "descriptors without an end": """
while True:
    try: SEND(bytes(4) + b'own', 1, 1, 1, reply=False)
    except BlockingIOError: pass
""",
}

HOOKS = {
    "patched builtins": """
import builtins
for name in ('len', 'str', 'type', 'isinstance', 'bytes', 'PermissionError', 'OSError', 'any'):
    setattr(builtins, name, lambda *_, **__: True)
print(open(MARKER).read())
""",
    "patched posix": """
import posix
posix.getpid = os.getpid = lambda: PARENT
posix.kill = os.kill = lambda *_: 0
posix.write = os.write = lambda _, data: len(data)
posix.getcwd = os.getcwd = lambda: '/'
print(open(MARKER).read())
""",
    "globals and builtins of the hook": """
for frame in frames_of_refusal():
    for names in (frame.f_globals, frame.f_builtins):
        for name in list(names):
            if name not in ('print', 'open', '__builtins__'): names[name] = lambda *_, **__: True
print(open(MARKER).read())
""",
    "locals of the hook": """
for frame in frames_of_refusal():
    if 'solution' not in frame.f_code.co_filename:
        for name in list(frame.f_locals):
            try: frame.f_locals[name] = '/'
            except Exception: pass
print(open(MARKER).read())
""",
    "functions among the hook's locals": """
for frame in frames_of_refusal():
    for value in list(frame.f_locals.values()):
        defaults = getattr(value, '__kwdefaults__', None)
        if defaults is not None and frame.f_code.co_filename.endswith('audit.py'):
            defaults.update({n: '/' for n, v in defaults.items() if isinstance(v, str)})
print(open(MARKER).read())
""",
    "code of the hook's functions": """
for frame in frames_of_refusal():
    for value in list(frame.f_locals.values()):
        if frame.f_code.co_filename.endswith('audit.py') and hasattr(value, '__code__'):
            value.__code__ = (lambda *_, **__: True).__code__
print(open(MARKER).read())
""",
    "signal handler inside the hook": """
import signal
def tamper(_, frame):
    while frame is not None:
        if frame.f_code.co_filename.endswith('audit.py'):
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, str) and name != 'path': frame.f_locals[name] = '/'
            if 'allowed' in frame.f_locals: frame.f_locals['allowed'] = True
        frame = frame.f_back
signal.signal(signal.SIGALRM, tamper)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
try_for_long('/' * 200 + MARKER)
""",
    "collector inside the hook": """
import gc
def tamper(*_):
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.endswith('audit.py'):
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, str) and name != 'path': frame.f_locals[name] = '/'
        frame = frame.f_back
gc.callbacks.append(tamper)
gc.set_threshold(1)
try_for_long('/' * 200 + MARKER)
""",
    "C code of the collector inside the hook": """
import gc, random, weakref
def tamper(frame):
    if frame.f_code.co_filename.endswith('audit.py'): frame.f_locals['event'] = 'nothing'
class Garbage: pass
class Callback(weakref.ref):
    # No frame of this function is left when `list.extend` takes the first item.
    def __iter__(self): return map(tamper, map(sys._getframe, [0]))
def throw_away():
    global callback, padding
    garbage = Garbage()
    garbage.itself = garbage
    callback = Callback(garbage, [].extend)
    padding = [[] for _ in range(random.randrange(20))]
gc.set_threshold(20)
try_for_long('/' * 200 + MARKER, before=throw_away)
""",
    "thread during the hook": """
import threading
def tamper():
    while True:
        for frame in sys._current_frames().values():
            while frame is not None:
                if frame.f_code.co_filename.endswith('audit.py'):
                    for name, value in list(frame.f_locals.items()):
                        if isinstance(value, str) and name != 'path': frame.f_locals[name] = '/'
                        defaults = getattr(value, '__kwdefaults__', None) or {}
                        if 'inside_work' in defaults: defaults['inside_work'] = '/'
                frame = frame.f_back
threading.Thread(target=tamper, daemon=True).start()
sys.setswitchinterval(1e-6)
try_for_long('/' * 200 + MARKER)
""",
    "no stack left for the hook": """
def deep():
    try: deep()
    except RecursionError: print(open(MARKER).read())
deep()
""",
    "hook found by the collector": """
import gc
for value in gc.get_objects():
    if getattr(value, '__module__', '') == 'nova_code_verifier.sandbox.confinement.audit':
        value.__code__ = (lambda *_, **__: None).__code__
print(open(MARKER).read())
""",
    "subinterpreter": """
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
one = interpreters.create()
interpreters.run_string(one, 'print(open(%r).read(), flush=True)' % MARKER)
""",
    "fresh copy of posix": """
import importlib.machinery, importlib.util
spec = importlib.util.spec_from_loader('posix', importlib.machinery.BuiltinImporter)
del sys.modules['posix']
fresh = importlib.util.module_from_spec(spec)
import signal
fresh.kill(PARENT, 0)
print('BREACH')
""",
    "trace of the hook": """
def trace(frame, event, arg):
    if frame.f_code.co_filename.endswith('audit.py'):
        frame.f_locals['allowed'] = True
    return trace
sys.settrace(trace); sys.setprofile(trace)
print(open(MARKER).read())
""",
}

# Where the kernel isolates a guest, native code alone is no breach: it has to open the marker.
NATIVE = {
    "the client of the Lambda runtime": """
os.environ['AWS_LAMBDA_RUNTIME_API'] = '127.0.0.1:%d' % PORT
import runtime_client
runtime_client.initialize_client('guest')
runtime_client.next()
""",
    "ctypes": "import ctypes; NATIVE_OPEN(ctypes.CDLL(None))",
    "ctypes under another name": "POKE(load_native('x._ctypes', find_native('_ctypes')))",
    "ctypes under a name with an end in it": """
POKE(load_native('_ctypes\\0x', find_native('_ctypes')))
""",
    "ctypes from what is left of it": """
for kind in object.__subclasses__():
    if kind.__module__ == '_ctypes' and kind.__name__ == '_CData':
        print('BREACH' if STRICT else '')
""",
    "a library of its own": """
open('own.so', 'wb').write(LIBRARY)
load_native('own', os.getcwd() + '/own.so')
""",
    "a library of its own, by dots": """
open('own.so', 'wb').write(LIBRARY)
load_native('own', DYNLOAD + '/..' * DYNLOAD.count('/') + os.getcwd() + '/own.so')
""",
    "a library of its own, for OpenSSL": """
open('own.so', 'wb').write(LIBRARY)
path = os.getcwd() + '/own.so'
open('own.cnf', 'w').write('openssl_conf=a\\n[a]\\nproviders=b\\n[b]\\nown=c\\n[c]\\nmodule=%s\\n'
                           'activate=1\\n' % path)
os.environ['OPENSSL_CONF'] = os.getcwd() + '/own.cnf'
import _hashlib, ssl
""",
}

OTHERS = {
    "faulthandler": """
import faulthandler
faulthandler.enable(file=open(OUTSIDE + '/made', 'w')); print('BREACH')
""",
    "descriptors of others": """
for number in range(5, 256):
    try: os.fstat(number)
    except OSError: continue
    print('BREACH', number)
""",
    "what the zygote knows": """
import sys
frame = sys._getframe()
while frame.f_back: frame = frame.f_back
ours = 'WorkDirectories answer_request confine confinement control guest libraries main substitutes'
for name in (*ours.split(), 'zygote'):
    if name in frame.f_globals: print('BREACH', name)
""",
    "credentials in the environment": """
for name in os.environ:
    if name.startswith(('AWS_', 'PYTEST_')): print('BREACH', name)
""",
}

HELPERS = """
import _imp, _io, builtins, io, os, resource, sys
# An attacker finds the original functions behind the substitutes.
SUBSTITUTES = {}
for module in (_imp, _io, builtins, io, os, resource):
    for name, function in list(vars(module).items()):
        while not isinstance(function, type) and hasattr(function, '__wrapped__'):
            SUBSTITUTES.setdefault(name, function)
            function = function.__wrapped__
            setattr(module, name, function)
del module, name, function
PARENT = os.getppid()
TREE = sys.prefix
DYNLOAD = os.path.join(os.path.dirname(os.__file__), 'lib-dynload')

def find_native(name):
    return [DYNLOAD + '/' + one for one in os.listdir(DYNLOAD) if one.startswith(name + '.')][0]

def load_native(name, path):
    import _imp
    class Spec: pass
    spec = Spec()
    spec.name, spec.origin = name, path
    module = _imp.create_dynamic(spec)
    _imp.exec_dynamic(module)
    return module

def SEND(text, *files, reply=True):
    import socket
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=4)
    packed = b''.join(file.to_bytes(4, 'little') for file in files)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)] if files else []
    channel.setblocking(False) if not reply else channel.settimeout(0.5)
    try:
        channel.sendmsg([text], ancillary)
        return channel.recv(99) if reply else b''
    finally:
        channel.detach()

def REQUEST(mode, path):
    if SEND(mode.to_bytes(4, 'little') + os.fsencode(path)) == bytes(4): print('BREACH')

def MODE_OF(module):
    return os.stat(module.__file__).st_mode & 0o7777

def FORK_EXEC(module):
    nothing = (-1,) * 6
    rest = (False, False, -1, None, None, None, -1, None)
    command = [b'/bin/echo', b'BREACH'], (b'/bin/echo',), True, (), None, None
    for more in ((False,), ()):
        try: module.fork_exec(*command, *nothing, *os.pipe(), *rest, *more)
        except TypeError: continue
        os.wait()

def POKE(module):
    class Long(module._SimpleCData): _type_ = 'l'
    Long.from_address(id(10**9) + 16).value
    if STRICT: print('BREACH')

def NATIVE_OPEN(libc):
    if libc.open(MARKER.encode(), 0) >= 0: print('BREACH')

def frames_of_refusal():
    found = []
    try: open(MARKER)
    except OSError as error:
        step = error.__traceback__
        while step:
            found.append(step.tb_frame)
            step = step.tb_next
    return found

def try_for_long(path, before=lambda: None):
    import time
    end = time.monotonic() + 0.25
    while time.monotonic() < end:
        before()
        try: text = open(path).read()
        except OSError: continue
        print(text)
        break
"""


def build_library(marker: str) -> bytes:
    """Write a shared library that opens *marker* when it is loaded, and reports if it could."""
    headers = 64 + 3 * 56
    dynamic = headers + 6 * 16
    path, word = marker.encode() + b"\0", b"BREACH\n"
    code = (
        b"\x48\x8d\x3d"
        + struct.pack("<i", 50 - 7)  # lea rdi, [path]
        + b"\x31\xf6\x31\xd2\xb8\x02\0\0\0\x0f\x05"  # open(path, 0, 0)
        + b"\x85\xc0\x78\x18"  # no luck: return
        + b"\xbf\x01\0\0\0\x48\x8d\x35"
        + struct.pack("<i", 50 - 34 + len(path))
        + b"\xba"
        + struct.pack("<i", len(word))
        + b"\xb8\x01\0\0\0\x0f\x05"  # write
        + b"\xc3"
    )
    code = code.ljust(50, b"\x90") + path + word
    size = dynamic + len(code)
    entries = ((12, dynamic), (5, headers), (6, headers), (10, 1), (11, 24), (0, 0))
    return (
        b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
        + struct.pack("<IIQQQQQQ", 1, 7, 0, 0, 0, size, size, 4096)
        + struct.pack("<IIQQQQQQ", 2, 6, headers, headers, headers, 96, 96, 8)
        + struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
        + b"".join(struct.pack("<qQ", *entry) for entry in entries)
        + code
    )
