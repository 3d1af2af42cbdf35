"""Unusual reading (X7): who reads far more records in minutes than a person does, is slowed and reported."""
