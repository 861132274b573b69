"""Media-mix model: market in, response artifact out."""
