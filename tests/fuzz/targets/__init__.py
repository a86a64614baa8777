"""What is fuzzed, one file each; `target.py` says what they have in common."""

from __future__ import annotations

from tests.fuzz.targets.expander import Expander
from tests.fuzz.targets.ignore import Ignore
from tests.fuzz.targets.parser import Parser
from tests.fuzz.targets.target import Target
from tests.fuzz.targets.wildcard import Wildcard

TARGETS: dict[str, Target] = {target.name: target for target in (Parser(), Expander(), Ignore(), Wildcard())}
