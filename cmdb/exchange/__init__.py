"""Observations in and out of files: JSON Lines, CSV and XLSX."""
