"""Our side of the sandbox: schedule jobs on workers, enforce limits, read results."""
