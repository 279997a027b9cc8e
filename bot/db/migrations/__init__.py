"""Numbered steps of the schema, applied in order, each once. A landed step is never edited."""
