"""How every test runs: the same examples each time, unless `--hypothesis-profile=explore` asks for new ones."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.register_profile("mutation", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("steady")
