"""What stands before and around a candidate's program: its prelude, and the row's starter code."""
