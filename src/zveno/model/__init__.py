"""The frozen description of a producer, and the measured network made from it."""
