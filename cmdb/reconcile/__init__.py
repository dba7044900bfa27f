"""From observations to a delta: pure functions over values, no store and no clock."""
