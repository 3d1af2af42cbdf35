"""Backups: one moment of the whole database in one file, and the way back into an empty place (docs/adr/0013).

`manifest` says what is in a file, `archive` writes and reads it, `snapshot` fills one from the database, `restoring`
puts it back and proves that what is stored is what was saved.
"""
