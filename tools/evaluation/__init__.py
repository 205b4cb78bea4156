"""What `make evaluate` does: worlds are made, decided upon by every method, held against the truth, written up."""
