"""Parts of reports: each turns a few tables into blocks."""
