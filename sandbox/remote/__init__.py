"""An executor that sends jobs to another process or machine and reads its response."""
