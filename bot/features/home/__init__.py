"""The App Home: my keys, my requests, what waits for me, and what needs care."""

from bot.features.home.listeners import register

__all__ = ["register"]
