"""A scored sample as plain JSON: what every place that scores returns, and every report reads."""
