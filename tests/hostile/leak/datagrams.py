# tries: to send without a connection
# must: runtime_error|security_violation

import socket

end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end.sendto(b"x", ("127.0.0.1", PORT))
print("BREACH")
