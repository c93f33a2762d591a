"""Whether every order is where it should be: what channels count beside what is here and in the store."""
