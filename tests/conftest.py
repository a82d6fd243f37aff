"""What every test here is run with."""

from hypothesis import settings

# How long an example takes is no test's claim: on a busy machine it would fail some of them by chance.
settings.register_profile("kernelscope", deadline=None)
settings.load_profile("kernelscope")
