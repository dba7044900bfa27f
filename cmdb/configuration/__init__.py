"""Service configuration management: baselines, their verification, and the health of the data."""
