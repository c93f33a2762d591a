"""Inbound webhooks: verified on the raw bytes, stored, answered; everything else comes later."""
