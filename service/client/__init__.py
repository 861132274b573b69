"""A typed client of the HTTP interface; it needs httpx and pydantic, and nothing else of the service."""
