"""The same samples must get the same rewards on an idle machine and on a busy one."""
