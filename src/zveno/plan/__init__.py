"""What should the chain make: blends, plans, schedules."""
