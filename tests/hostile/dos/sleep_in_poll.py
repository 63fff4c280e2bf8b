# tries: to wait for what never comes
# must: time_limit_exceeded
# limits: wall_seconds=0.3

import select, socket

end, _ = socket.socketpair()
poll = select.poll()
poll.register(end, select.POLLIN)
poll.poll()
