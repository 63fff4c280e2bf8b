# tries: to connect to a socket that has a name in the file system
# must: security_violation|runtime_error

import socket

end = socket.socket(socket.AF_UNIX)
end.connect(SOCKET)
print("BREACH")
