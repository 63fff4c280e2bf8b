"""An executor that sends jobs to a function elsewhere, and reads what it reports about them.

`request` and `response` define the payloads; `client` sends one request and decides whose fault
a failure is; `dispatcher` runs a batch; `executor` is the `Executor`.
"""
