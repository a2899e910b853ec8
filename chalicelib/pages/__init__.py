"""HTML for people: views, templates and static files."""
