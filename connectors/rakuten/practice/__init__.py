"""A practice Rakuten: stores that speak RMS WEB SERVICE and take nothing the real one would refuse."""
