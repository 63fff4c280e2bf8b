"""Read a reference: its task, its test plan and its limits. No module here sees a candidate."""
