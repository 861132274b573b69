"""Work that takes longer than a request: durable jobs, the workers that do them, and their children."""
