# tries: to leave a name at which the next guest could listen
# must: security_violation|runtime_error

import socket

end = socket.socket(socket.AF_UNIX)
end.bind("\0" + MADE)
end.listen()
print("BREACH")
