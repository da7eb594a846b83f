"""Who governs and guards in these tests."""

from tests.helpers.actors import Actor

GOVERNS = Actor("governor")
GUARDS = Actor("guardian")
