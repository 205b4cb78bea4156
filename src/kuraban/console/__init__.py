"""The pages: the desk's (`desk`, served under /console) and the owner's (`home`, on his own computer)."""
