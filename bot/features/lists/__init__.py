"""Rows of lists that several features show."""
