# tries: to reach a server on this machine by a library that asks in passing
# must: security_violation|runtime_error

import urllib.request

print(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/2018-06-01/runtime/invocation/next").read())
