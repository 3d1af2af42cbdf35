"""How fast the product is, and how much memory it takes, on as many records as one likes: `python -m bench --help`."""
