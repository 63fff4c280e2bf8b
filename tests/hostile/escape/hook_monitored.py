# tries: to watch each line of the audit hook, and to change its variables there
# must: harmless|runtime_error

import sys

if not hasattr(sys, "monitoring"):
    raise SystemExit(1)
monitoring = sys.monitoring
monitoring.use_tool_id(3, "x")


def tamper(code, *_):
    frame = sys._getframe(1)
    if frame.f_code.co_filename.endswith("audit.py"):
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, (str, bool)):
                frame.f_locals[name] = "/" if isinstance(value, str) else False


events = monitoring.events
for event in (events.LINE, events.CALL, events.PY_START, events.BRANCH, events.INSTRUCTION):
    monitoring.register_callback(3, event, tamper)
monitoring.set_events(3, events.LINE | events.CALL | events.PY_START | events.BRANCH)
for _ in range(20):
    try:
        print(open(SECRET_FILE).read())
    except OSError:
        pass
