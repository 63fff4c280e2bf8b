"""`POST /run_code`: run a program, for clients of SandboxFusion.

route      the route: whom to answer with which status
plan       a request → the job that runs it, or a refusal that names the field
reply      an execution → the reply
messages   request and reply, as SandboxFusion has them
"""
