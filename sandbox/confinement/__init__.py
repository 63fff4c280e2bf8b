"""Restrict what a process can do: seccomp, Landlock, resource limits, an audit hook."""
