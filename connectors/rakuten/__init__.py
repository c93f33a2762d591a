"""Rakuten Ichiba as a channel: RMS WEB SERVICE over HTTPS, one store a connection."""
