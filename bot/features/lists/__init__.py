"""Rows and pages of lists that several features show."""
