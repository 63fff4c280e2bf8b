"""Judge for a long time, hostile samples among honest ones, and watch what grows."""
