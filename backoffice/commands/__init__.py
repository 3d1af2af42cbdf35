"""The commands of `backoffice`, one noun a module. Each module lists what it adds as COMMANDS."""
