"""The evidence: small functions over (event, profile, surroundings), each giving a bounded log-likelihood ratio."""
