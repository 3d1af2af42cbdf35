"""A small invented department to look at: people, customers and a few weeks of their work (`backoffice demo`)."""
