"""What holds for every test."""

from hypothesis import settings

# A busy machine makes any example late once in a while: that is no failure of what is tested.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
