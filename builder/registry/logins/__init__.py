"""Logins as docker keeps them, so that all tools share them: `config.json` and credential helpers."""
