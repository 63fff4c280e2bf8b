"""Adapters for trainers that call a Python function."""
