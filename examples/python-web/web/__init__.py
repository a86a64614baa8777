"""A web application small enough to read at once: it greets, and it says that it is well."""
