"""Run the Lambda image in local containers. Needs the `docker` extra."""
