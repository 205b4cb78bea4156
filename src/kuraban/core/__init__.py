"""The engine: (state, events, reference) → (state, decisions), with no clock, file, socket or randomness."""
