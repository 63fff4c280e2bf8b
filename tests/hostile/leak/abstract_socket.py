# tries: to connect to a socket that no file mode guards
# must: security_violation|runtime_error

import socket

end = socket.socket(socket.AF_UNIX)
end.connect(ABSTRACT)
print("BREACH")
