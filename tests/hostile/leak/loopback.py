# tries: to reach a server on this machine, as the runtime interface of a Lambda is
# must: security_violation

import socket

end = socket.socket()
end.connect(("127.0.0.1", PORT))
