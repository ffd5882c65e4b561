"""Work of a shop put in order: operations, machines, dates."""
