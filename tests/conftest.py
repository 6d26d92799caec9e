"""How tests run: the same examples every time; `--hypothesis-profile=explore` looks for new ones."""

from hypothesis import Phase, settings

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
# A broken algorithm need not be explained by the smallest example that shows it.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, max_examples=25, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("steady")
