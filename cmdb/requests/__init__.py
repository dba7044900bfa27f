"""Service request management: a catalogue with typed forms, approvals, steps, and fulfilment that
ends when discovery sees the result."""
