"""How every test runs."""

from hypothesis import HealthCheck, settings

# A busy machine draws slowly; that says nothing about the rules that the properties are about.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")
