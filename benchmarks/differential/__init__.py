"""Fast paths on and off must give the same rows: programs that try to make them differ."""
