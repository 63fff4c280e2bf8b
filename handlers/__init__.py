"""Entry points: the Lambda, the executor function, the command line, adapters for trainers.

Only this package touches AWS, HTTP, the clock, files and logs. All entry points that score samples
do it through `handlers/service.py`.
"""
