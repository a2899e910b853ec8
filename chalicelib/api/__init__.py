"""HTTP: parse a request, make one call to a service, present what it answers."""
