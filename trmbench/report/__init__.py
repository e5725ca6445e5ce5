"""From stored rows to tables and pictures."""
