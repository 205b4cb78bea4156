"""How far a mail can be believed: who provably sent it, and what in it was made to be mistaken for somebody else."""
