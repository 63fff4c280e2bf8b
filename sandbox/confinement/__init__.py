"""Take rights away from a process: seccomp, Landlock, resource limits, an audit hook."""
