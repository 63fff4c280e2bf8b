"""The image in containers: to be compared with this machine, or to run candidates in."""
