"""Every code block of every page that people read, done as the page says.

A page is followed from its first block to its last; `reader.py` says what is done with which. What cannot be
done here stands in NOT_RUN with the reason; a block that is in neither place fails.
"""

import pytest

from tests.docs.blocks import blocks, pages, typed
from tests.docs.conftest import BROUGHT_BY_NPM

pytestmark = [pytest.mark.browser, pytest.mark.service]

IT_ITSELF = "it runs these tests, or what they are part of"
FOR_MINUTES = "it runs for minutes"
FOR_A_MACHINE = "it installs for a whole machine"
FOR_AN_ENGINE = "it needs an engine for containers; `python3 -m tools.image` does without what the image does"

NOT_RUN = {
    "./dev test": IT_ITSELF,
    "./dev test tests/algorithms/test_trending.py": IT_ITSELF,
    "./dev check": IT_ITSELF,
    "./dev audit": "tests/test_dev.py asks a server of its own, like the one that this asks",
    "./dev mutate": FOR_MINUTES,
    "./dev bench": FOR_MINUTES,
    "./dev bench --quick": FOR_MINUTES,
    "./dev bench --json FILE": FOR_MINUTES,
    "./dev bench scale --only answers shares": FOR_MINUTES,
    "./dev soak --minutes 20": FOR_MINUTES,
    "./dev lock": "it takes other versions whenever a package is released",
    "./dev docs": "tests/docs/test_site.py builds the site",
    "python3 -m venv /opt/punnet": FOR_A_MACHINE,
    "/opt/punnet/bin/pip install ./punnet": FOR_A_MACHINE,
    "punnet tune --database punnet-demo.db": "tests/commands/test_evaluating.py does, in a smaller market",
    "systemctl enable --now punnet": FOR_A_MACHINE,
    "journalctl --unit punnet": FOR_A_MACHINE,
    "systemd-run --pipe --wait --collect --property=DynamicUser=yes --property=User=punnet "
    "--property=StateDirectory=punnet \\\n    --property=WorkingDirectory=/var/lib/punnet "
    "--property=EnvironmentFile=/etc/punnet.env --setenv=HOME=/var/lib/punnet \\\n"
    "    /opt/punnet/bin/punnet keys create --role back-end": FOR_A_MACHINE,
    "docker compose up --detach --wait": FOR_AN_ENGINE,
    "docker compose logs app": FOR_AN_ENGINE,
    "docker compose exec -T postgres pg_dump --username=punnet --format=custom punnet > punnet.dump": (
        FOR_AN_ENGINE
    ),
    """docker exec punnet python -c "import sqlite3; """
    """sqlite3.connect('punnet.db').backup(sqlite3.connect('copy.db'))\"""": FOR_AN_ENGINE,
    "docker cp punnet:/var/lib/punnet/copy.db .": FOR_AN_ENGINE,
    "docker build --tag punnet .": FOR_AN_ENGINE,
    "docker run --detach --name punnet --publish 127.0.0.1:3000:3000 --volume punnet:/var/lib/punnet "
    "--stop-timeout 30 punnet": FOR_AN_ENGINE,
    "punnet/dev setup": "it may take from under these tests what only they need",
    BROUGHT_BY_NPM: "the same packages are there, as tests/browser/snippets pins them",
    "punnet serve --handlers handlers.py": "tests/service/test_handlers.py does, and sees what follows",
    "sqlite3 'file:punnet.db?mode=ro'": "it waits for questions; those of the page are asked without it",
}
"""Commands that are not run, and why not."""

NOT_USED = {
    "punnet.conf": "it needs nginx and a certificate",
    "punnet.service": "it needs systemd",
    "handlers.py": "tests/service/test_handlers.py does",
}
"""Files that are written and not tried, and why not."""

FOR_OTHERS = {"yaml": "Prometheus reads it", "promql": "Prometheus is asked it", "kusto": "Azure is asked it"}
"""Languages of programs that the tests do not have."""

PAGES = [page for page in pages() if blocks(page)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(page, reader_of):
    reader = reader_of(page)
    for command in NOT_RUN:
        reader.instead_of(command)
    reader.leave_to_others(FOR_OTHERS)
    for block in blocks(page):
        reader.follow(block)
    reader.terminal.check()


def test_what_is_not_run_stands_on_a_page():
    assert NOT_RUN.keys() <= {command for page in PAGES for command in typed(page)}
    assert NOT_USED.keys() <= {block.file for page in PAGES for block in blocks(page)}
    assert FOR_OTHERS.keys() <= {block.language for page in PAGES for block in blocks(page)}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_has_written_it_uses(page):
    unused = {file for block in blocks(page) if (file := block.file)}
    for block in blocks(page):
        unused -= {file for file in unused if block.file != file and file in f"{block.text} {block.words}"}
    assert unused <= NOT_USED.keys()
