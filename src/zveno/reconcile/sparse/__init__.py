"""The same reconciliation for large networks: sparse arrays, and no matrix larger than a front."""
