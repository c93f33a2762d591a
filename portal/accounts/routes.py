"""All account routes."""

from __future__ import annotations

from portal.accounts import entry_routes, mail_routes, profile_routes, recovery_routes, session_routes, team_routes

ROUTES = [
    *entry_routes.ROUTES,
    *recovery_routes.ROUTES,
    *profile_routes.ROUTES,
    *session_routes.ROUTES,
    *team_routes.ROUTES,
    *mail_routes.ROUTES,
]
