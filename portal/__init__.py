"""The web application and the domain."""
