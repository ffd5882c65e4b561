"""How fast Zveno is beside what a user could take instead; see README.md."""
