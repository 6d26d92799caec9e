"""How tests run: the same examples every time; `--hypothesis-profile=explore` looks for new ones."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.register_profile("mutation", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("steady")
