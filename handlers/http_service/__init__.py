"""Serve rewards over HTTP: `verifier serve`.

server      several processes, each with its own sandboxes; start, restart, drain
app         the routes, their description (OpenAPI), and the errors that they answer with
direct      the routes of trainers, without the layers of the web framework
middleware  who may ask, how much, and for how long; before any route
routes/     one module for each protocol
grading     an event loop's face of the sandboxes of its process: a bounded queue
metrics, logs, request, settings
"""
