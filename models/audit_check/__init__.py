"""The daily check of the audit trail (X7): what it found, and who is told."""
