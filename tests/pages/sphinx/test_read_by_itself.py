"""A page follows whatever its notebook read by itself, without saying so.

One site has a notebook for every way to read. All of what they read is changed at once: builds take
seconds, and each notebook says for itself why it ran.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.small_site import NOTEBOOKS, SmallSite

FOLDER = "notebooks/small"


@dataclass(frozen=True)
class Way:
    """A way to read: the notebook's code, and the reason why it runs after the change."""

    code: str
    reason: str
    shown: tuple[str, str]
    """What its page shows before and after the change."""


WAYS = {
    "opens": Way(
        "said = open('number.txt').read()",
        f"{FOLDER}/number.txt changed",
        ("number 1", "number 2"),
    ),
    "opens_low": Way(
        "import os\n"
        "handle = os.open('number.txt', os.O_RDONLY)\n"
        "said = os.read(handle, 9).decode()",
        f"{FOLDER}/number.txt changed",
        ("number 1", "number 2"),
    ),
    "in_a_thread": Way(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from pathlib import Path\n"
        "with ThreadPoolExecutor(1) as pool:\n"
        "    (said,) = pool.map(Path.read_text, [Path('number.txt')])",
        f"{FOLDER}/number.txt changed",
        ("number 1", "number 2"),
    ),
    "frames": Way(
        "import pandas as pd\nsaid = f\"sum {pd.read_csv('table.csv').x.sum()}\"",
        f"{FOLDER}/table.csv changed",
        ("sum 1", "sum 3"),
    ),
    "lists": Way(
        "import os\nsaid = ' '.join(sorted(os.listdir('folder')))",
        f"what is in {FOLDER}/folder changed",
        ("a.txt", "a.txt b.txt"),
    ),
    "globs": Way(
        "from pathlib import Path\n"
        "said = ' '.join(sorted(p.name for p in Path('folder').glob('*')))",
        f"what is in {FOLDER}/folder changed",
        ("a.txt", "a.txt b.txt"),
    ),
    "looks": Way(
        "from pathlib import Path\nsaid = f\"there: {Path('maybe.txt').exists()}\"",
        f"{FOLDER}/maybe.txt appeared",
        ("there: False", "there: True"),
    ),
    "measures": Way(
        "import os\nsaid = f\"{os.path.getsize('big.bin')} bytes\"",
        f"{FOLDER}/big.bin changed",
        ("5 bytes", "7 bytes"),
    ),
    "asks_variable": Way(
        "import os\nsaid = os.environ.get('SITE_WORD', 'unset')",
        "the environment variable SITE_WORD is set",
        ("unset", "a word"),
    ),
    "imports": Way(
        "import beside\nsaid = beside.WORD",
        f"{FOLDER}/beside.py changed",
        ("helper 1", "helper 2"),
    ),
    "helped": Way(
        "import beside\nsaid = beside.read()",
        f"{FOLDER}/beside.py changed",
        ("read 5", "read 7"),
    ),
    "imports_in_vain": Way(
        "try:\n"
        "    from local_words import WORD as said\n"
        "except ImportError:\n"
        "    said = 'no words of its own'",
        f"{FOLDER}/local_words.py appeared",
        ("no words of its own", "own words"),
    ),
    "asks_database": Way(
        "import sqlite3\n"
        "with sqlite3.connect('file:some.db?mode=ro', uri=True) as base:\n"
        "    said = base.execute('select word from words').fetchone()[0]",
        f"{FOLDER}/some.db changed",
        ("first row", "second row"),
    ),
    "reads_columns": Way(
        "import pyarrow.parquet as pq\nsaid = pq.read_table('some.parquet')['x'][0].as_py()",
        f"{FOLDER}/some.parquet changed",
        ("first column", "second column"),
    ),
    "notes": Way(
        "import ctypes\n"
        "library = ctypes.CDLL(None)\n"
        "library.open.restype = ctypes.c_int\n"
        "handle = library.open(b'native.bin', 0)\n"
        "buffer = ctypes.create_string_buffer(20)\n"
        "library.read(handle, buffer, 20)\n"
        "said = buffer.value.decode()\n"
        "ra.note_file('native.bin')",
        f"{FOLDER}/native.bin changed",
        ("native one", "native two"),
    ),
    "uses_package": Way(
        "import helpful\nsaid = helpful.WORD",
        "the code of package helpful changed, its version did not",
        ("before", "mended"),
    ),
    "reads_logs_itself": Way(
        "import os\nsaid = ' '.join(sorted(os.listdir(os.environ['RULKA_LOGDIR'])))",
        "what is in logs changed",
        ("first second third", "fifth first second third"),
    ),
}
EVERY_TIME = {
    "starts_program": (
        "import subprocess, sys\n"
        "said = subprocess.check_output([sys.executable, '-c', 'print(6 * 7)'], text=True)",
        "it starts a program or process of its own",
    ),
    "starts_process": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "import math\n"
        "with ProcessPoolExecutor(1) as pool:\n"
        "    said = str(list(pool.map(math.sqrt, [4.0])))",
        "it starts a program or process of its own",
    ),
    "connects": (
        "import socket\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:\n"
        "    one.connect(('127.0.0.1', 9))\n"
        "said = 'connected'",
        "it opens a connection",
    ),
    "tells_time": (
        "import time\nra.volatile('shows how long ago it began')\nsaid = f'{time.time() > 0}'",
        "shows how long ago it began",
    ),
}
# Code, and what of it stands on the page about the build.
NOT_EVERY_TIME = {
    "settled": "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', ''])\n"
    "ra.stable('prints nothing')\n"
    "said = 'settled'",
    "reads_what_it_wrote": "from pathlib import Path\n"
    "Path('written.txt').write_text('its own')\n"
    "made = Path('made')\n"
    "made.mkdir(exist_ok=True)\n"
    "(made / 'inner.txt').write_text('inner')\n"
    "said = Path('written.txt').read_text() + (made / 'inner.txt').read_text()",
    "draws": "import matplotlib.pyplot as plt\n"
    "figure, axes = plt.subplots()\n"
    "axes.plot([1, 2])\n"
    "plt.close(figure)\n"
    "said = 'drawn'",
}
BESIDE = "WORD = 'helper 1'\n\n\ndef read():\n    return f\"read {len(open('big.bin').read())}\"\n"


def _notebook(name: str, code: str) -> str:
    head = f"# %% [markdown]\n# # {name}\n\n# %%\nimport rulka_analysis as ra\n\n"
    return f"{head}{code}\nra.publish('{name}', said)\n"


def _write_database(path: Path, word: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("create table if not exists words (word)")
        base.execute("delete from words")
        base.execute("insert into words values (?)", (word,))


def _write_inputs(site: SmallSite) -> None:
    folder = site.folder / FOLDER
    (folder / "number.txt").write_text("number 1")
    (folder / "table.csv").write_text("x\n1\n")
    (folder / "folder").mkdir()
    (folder / "folder" / "a.txt").touch()
    (folder / "big.bin").write_text("12345")
    (folder / "beside.py").write_text(BESIDE)
    (folder / "native.bin").write_text("native one")
    _write_database(folder / "some.db", "first row")
    pq.write_table(pa.table({"x": ["first column"]}), folder / "some.parquet")


def _change_inputs(site: SmallSite) -> None:
    folder = site.folder / FOLDER
    (folder / "number.txt").write_text("number 2")
    (folder / "table.csv").write_text("x\n1\n2\n")
    (folder / "folder" / "b.txt").touch()
    (folder / "maybe.txt").touch()
    (folder / "big.bin").write_text("1234567")
    (folder / "beside.py").write_text(BESIDE.replace("helper 1", "helper 2"))
    (folder / "native.bin").write_text("native two")
    (folder / "local_words.py").write_text("WORD = 'own words'\n")
    _write_database(folder / "some.db", "second row")
    pq.write_table(pa.table({"x": ["second column"]}), folder / "some.parquet")
    (site.packages / "helpful.py").write_text("WORD = 'mended'\n")
    (site.logs / "fifth").mkdir()
    site.variables["SITE_WORD"] = "a word"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = SmallSite.made(tmp_path_factory.mktemp("ways") / "a site")
    site.variables["OPENBLAS_NUM_THREADS"] = "1"
    codes = {name: way.code for name, way in WAYS.items()}
    codes |= {name: code for name, (code, _) in EVERY_TIME.items()} | NOT_EVERY_TIME
    for name, code in codes.items():
        (site.folder / FOLDER / f"{name}.py").write_text(_notebook(name, code), encoding="utf-8")
    pages = "".join(f"   {FOLDER}/{name}\n" for name in codes)
    site.replace("index.rst", f"   {FOLDER}/first\n", f"   {FOLDER}/first\n{pages}")
    site.replace("docs/plain.rst", "Quotes nothing.", "Quotes nothing.\n\n.. volatile::")
    _write_inputs(site)
    site.build_well()
    return site


@pytest.mark.long
def test_each_notebook_follows_what_it_read(site: SmallSite, tmp_path: Path) -> None:
    for name, way in WAYS.items():
        assert way.shown[0] in site.page(f"{FOLDER}/{name}.html"), name
    every_time = {name: f"it runs in every build: {why}" for name, (_, why) in EVERY_TIME.items()}
    printed = site.build_well()
    assert site.reasons() == every_time, "nothing changed"
    for name, why in every_time.items():
        assert f"executed  small/{name}: {why}" in printed
    about = site.page("docs/plain.html")
    for name, (_, why) in EVERY_TIME.items():
        assert f"small/{name}: {why}." in about
    assert "changes no result: prints nothing." in about
    assert site.last_build["pages"] == [], "they say the same as before"

    _change_inputs(site)
    site.build_well()

    told = site.reasons()
    reasons = {name: way.reason for name, way in WAYS.items()} | every_time
    # It asks what the package installs, too.
    reasons["second"] = "the code of package helpful changed, its version did not"
    assert told == reasons
    for name, way in WAYS.items():
        assert way.shown[1] in site.page(f"{FOLDER}/{name}.html"), name
    assert NOTEBOOKS - {"second"} <= {
        found["name"].rpartition("/")[2]
        for found in site.last_build["notebooks"]
        if found["state"] == "reused"
    }
    after = site.files()
    fresh = site.from_nothing(tmp_path / "elsewhere" / "fresh").files()
    assert [name for name in fresh if fresh[name] != after.get(name)] == []
    assert after.keys() == fresh.keys()
