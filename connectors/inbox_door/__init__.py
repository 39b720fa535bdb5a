"""The inbox's HTTP door: jobs push rows of some record types, each with a token.

A package of its own, so that nothing but `outcomes inbox serve` loads a web framework.
"""

from connectors.inbox_door.app import create_door
from connectors.inbox_door.server import serve
from connectors.inbox_door.tokens import Tokens

__all__ = ["Tokens", "create_door", "serve"]
