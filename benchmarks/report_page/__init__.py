"""How fast the page of a report opens, filters and scrolls in Chromium."""
