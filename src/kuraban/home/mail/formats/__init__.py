"""The notices of each broker: one small declarative file for each, an explicit list, and a recogniser for the rest."""
