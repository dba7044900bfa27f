"""Where the data is kept: one port, two implementations that behave the same to the letter."""
