"""The front doors: events, files and arguments in; rows, tables and exit statuses out.

AWS, the clock, files and logs live here. Every door goes through `service`.
"""
