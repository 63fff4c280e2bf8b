"""Entry points: the Lambda, the executor function, the command line, the HTTP service, adapters.

Only this package uses AWS, HTTP and logs; `verifier/` also uses no clock and no files. All entry
points that score samples do it through `handlers/service.py`.
"""
