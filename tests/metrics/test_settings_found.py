"""Settings found with a run: in the layout of ten programs, in real folders, in hostile files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from rulka_analysis.health import run_findings
from rulka_analysis.logs.runs import Logs
from rulka_analysis.metrics.catalogue import Catalogue
from rulka_analysis.metrics.catalogue_file import load_catalogue
from rulka_analysis.metrics.recorded import read_text_tag
from rulka_analysis.metrics.settings import Setting, known_of, read_settings
from rulka_analysis.metrics.settings_files import read_recorded_files
from rulka_analysis.pages.answers import World
from rulka_analysis.pages.package_code import PackageCode
from rulka_analysis.project import domain
from rulka_analysis.values import questions
from rulka_analysis.values.plain_data import PlainDataError, flatten, read_json, read_yaml
from tests import event_files as write
from tests import program_logs
from tests.program_logs import PROGRAMS

REAL = Path(__file__).parents[3] / "shared" / "real_logs"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(domain("rl"))


def settings_in(logs: Logs, catalogue: Catalogue) -> dict[str, dict[str, Setting]]:
    return {run.name: read_settings(run.name, run, catalogue) for run in logs}


def varied(found: Mapping[str, Mapping[str, Setting]]) -> dict[str, list[float | str | None]]:
    """Return the settings that differ between runs, and are known in all."""
    known = [known_of(settings) for settings in found.values()]
    names = dict.fromkeys(name for one in known for name in one)
    columns = {name: [one.get(name) for one in known] for name in names}
    return {name: column for name, column in columns.items() if len(set(column)) > 1}


# --- Ten programs --------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_settings_of_a_program_are_found_where_it_keeps_them(
    tmp_path: Path, catalogue: Catalogue, program: str
) -> None:
    folder = tmp_path / "logs"
    for run, rate in (("a", 1e-3), ("b", 0.00025)):
        settings = {"learning_rate": rate, "gamma": 0.99, "seed": 1.0 if run == "a" else 2.0}
        PROGRAMS[program](folder, run, settings)
    found = settings_in(Logs(folder), catalogue)
    assert len(found) == 2
    expected = {"learning_rate": [1e-3, 0.00025], "seed": [1.0, 2.0]}
    assert varied(found) == expected
    for settings in found.values():
        known = known_of(settings)
        assert [value for name, value in known.items() if name.endswith("gamma")] == [0.99]
    assert not [s for settings in found.values() for s in settings.values() if s.disagreeing]


def test_each_setting_says_where_it_stands(tmp_path: Path, catalogue: Catalogue) -> None:
    where = {}
    for program, write_run in PROGRAMS.items():
        write_run(tmp_path / program, "a", {"learning_rate": 0.01, "seed": 3.0})
        (settings,) = settings_in(Logs(tmp_path / program), catalogue).values()
        where[program] = settings["learning_rate"].sources[0].how
    assert where == {
        "pytorch": "as logged with the hyperparameters",
        "cleanrl": "as the text hyperparameters says",
        "trainer": "as the text args says",
        "lightning": "as a/version_0/hparams.yaml says",
        "zoo": "as ppo/Pendulum-v1_10/Pendulum-v1/config.yml says",
        "hydra": "as a/.hydra/overrides.yaml says",
        "sacred": "as a/config.json says",
        "wandb": "as run-20240101_000001-a/files/config.yaml says",
        "rllib": "as PPO_Env_a/params.json says",
        "snapshots": "as save/a/config_snapshot.yaml says",
    }


def test_the_arguments_of_a_zoo_give_only_what_its_configuration_does_not(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    program_logs.zoo(tmp_path, "a", {"seed": 5.0})
    (settings,) = settings_in(Logs(tmp_path), catalogue).values()
    assert known_of(settings) == {"n_timesteps": 100_000.0, "seed": 5.0}


def test_what_stands_above_all_runs_gives_way_to_a_runs_own(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    program_logs.lightning(tmp_path, "a", {"gamma": 0.9, "seed": 1.0})
    program_logs.write_file(tmp_path / "config.yaml", "gamma: 0.5\nshared: 7\n")
    (settings,) = settings_in(Logs(tmp_path), catalogue).values()
    assert known_of(settings) == {"gamma": 0.9, "seed": 1.0, "shared": 7.0}
    assert settings["gamma"].disagreeing == ()


def test_two_sources_that_disagree_are_a_finding_that_names_both(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    program_logs.sacred(tmp_path, "lr0.1_seed2", {"lr": 0.3, "seed": 2.0})
    (run,) = Logs(tmp_path)
    (finding,) = [f for f in run_findings(run, catalogue) if f.kind == "setting_differs"]
    assert finding.message == (
        "lr0.1_seed2/tb has, says lr0.1_seed2/config.json, a learning rate of 0.3; its "
        "name says 0.1."
    )


def test_a_schedule_is_what_it_was_set_to(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = tmp_path / "ppo"
    table = "|param|value|\n|-|-|\n|learning_rate|0.01|"
    events = [write.text_event("hyperparameters", 0, table)]
    events += [write.scalar_event("charts/learning_rate", n, 0.01 / (n + 1)) for n in range(3)]
    write.write_event_file(folder, events)
    found = read_settings("ppo", Logs(tmp_path)["ppo"], catalogue)["learning_rate"]
    assert (found.known, found.schedule, found.disagreeing) == (0.01, True, ())


def today(logs: Logs) -> World:
    return World(logs, Path(), {}, PackageCode(Path("remembered")))


def test_a_runs_files_are_questions(tmp_path: Path, catalogue: Catalogue) -> None:
    program_logs.sacred(tmp_path / "logs", "a", {"lr": 0.3})
    logs = Logs(tmp_path / "logs")
    questions.forget()
    settings_in(logs, catalogue)
    record = [asked for asked in questions.record() if asked["kind"] in ("file", "settings")]
    assert today(logs).difference(record) == ""
    program_logs.write_file(tmp_path / "logs" / "a" / "config.json", '{"lr": 0.4}')
    assert today(logs).difference(record).endswith("config.json changed")
    program_logs.sacred(tmp_path / "logs", "a", {"lr": 0.3})
    program_logs.write_file(tmp_path / "logs" / "a" / "tb" / "hparams.yaml", "lr: 0.3")
    told = today(logs).difference(record)
    assert told.startswith("the list of files of settings in")


# --- Texts ---------------------------------------------------------------------------------------


def test_other_texts_are_no_settings() -> None:
    assert read_text_tag("notes", "|a|b|\n|-|-|\n|lr|1|") is None
    assert read_text_tag("args", "a sentence") is None
    broken = read_text_tag("args", "{'lr': 1}")
    assert broken is not None
    assert broken.problem.startswith("is no JSON")
    fenced = read_text_tag("config/text_summary", '```json\n{"lr": 1}\n```')
    assert fenced is not None
    assert fenced.values == {"lr": 1.0}


def test_a_value_may_hold_what_parts_columns() -> None:
    found = read_text_tag("hyperparameters", "|param|value|\n|-|-|\n|a|x|y|\n|b|2|\n\n|c|")
    assert found is not None
    assert found.values == {"a": "x|y", "b": 2.0}


# --- Hostile files -------------------------------------------------------------------------------

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested more than"),
        ("- " * 5000 + "a", "nested more than"),
        (BOMB, "stands for more than"),
        ("a: b: c", "is no YAML"),
        ("\x00", "is no YAML"),
        ("x" * 300_000, "characters"),
        ("\n".join(f"k{n}: 1" for n in range(9000)), "stands for more than"),
    ],
)
def test_a_hostile_yaml_is_refused_at_once(text: str, reason: str) -> None:
    started = time.monotonic()
    with pytest.raises(PlainDataError, match=reason):
        flatten(read_yaml(text))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ', "9" * 5000, '{"a": NaN', "\ud800"])
def test_a_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(PlainDataError, match="is no JSON"):
        flatten(read_json(text))


def test_no_code_runs_and_what_asks_for_it_is_named(tmp_path: Path) -> None:
    there = tmp_path / "there"
    text = (
        f"a: !!python/object/apply:os.mkdir ['{there}']\nb: !!python/name:os.system ''\n"
        "c: !own 1\nd: !!python/tuple [1, 2]\nlr: 1e-3\nself: &s [*s]\n? [x]\n: 1\n"
    )
    found = flatten(read_yaml(text))
    assert found.values == {"d.0": 1.0, "d.1": 2.0, "lr": 0.001}
    assert found.skipped == ("a", "b", "c", "self.0")
    assert not there.exists()
    assert flatten(read_yaml(MERGES)).values["a39.x"] == 1.0


def test_a_run_with_hostile_files_is_read_all_the_same(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    program_logs.sacred(tmp_path, "a", {"lr": 0.1})
    own = tmp_path / "a"
    program_logs.write_file(own / "hparams.yaml", BOMB)
    program_logs.write_file(own / "params.json", "[" * 10_000)
    (own / "config.yaml").write_bytes(b"\xff\xfe\xff")
    (own / "config.yml").mkdir()
    (run,) = Logs(tmp_path)
    assert known_of(read_settings(run.name, run, catalogue)) == {
        "learning_rate": 0.1,
        "nested.depth": 2.0,
    }
    problems = {one.where: one.problem for one in read_recorded_files(run)}
    assert problems["a/config.yaml"] == "cannot be read: UnicodeDecodeError"
    assert sum(map(bool, problems.values())) == 3


# --- Real folders --------------------------------------------------------------------------------

real = pytest.mark.skipif(not REAL.is_dir(), reason="the real logs are not here")


def of_real(name: str, catalogue: Catalogue) -> dict[str, dict[str, Setting]]:
    (folder,) = REAL.glob(name)
    return settings_in(Logs(folder), catalogue)


@real
def test_of_cleanrl_runs_the_text_is_read(catalogue: Catalogue) -> None:
    for settings in of_real("superboySB*", catalogue).values():
        known = known_of(settings)
        assert {n: known[n] for n in ("learning_rate", "batch_size", "seed")} == {
            "learning_rate": 0.00025,
            "batch_size": 128.0,
            "seed": 1.0,
        }
        assert not any(setting.disagreeing for setting in settings.values())


@real
def test_of_a_zoo_the_schedule_is_what_differs(catalogue: Catalogue) -> None:
    found = varied(of_real("MoniFarsang*", catalogue))
    assert list(found) == ["schedule", "seed"]
    assert found["schedule"] == ["const", "lin", "exp"]


@real
def test_of_rllib_the_learning_rate_is_the_only_difference(catalogue: Catalogue) -> None:
    found = of_real("muhd-umer*", catalogue)
    assert list(varied(found)) == ["learning_rate"]
    for settings, rate in zip(found.values(), ("0.0001", "0.005"), strict=True):
        assert settings["learning_rate"].text == rate
        assert len(settings["learning_rate"].sources) >= 3
        assert not any(setting.disagreeing for setting in settings.values())


@real
def test_two_runs_of_one_setting_do_not_differ(catalogue: Catalogue) -> None:
    found = of_real("Bokai-Ji*", catalogue)
    assert varied(found) == {}
    assert all(known_of(settings)["seed"] == 2509.0 for settings in found.values())


@real
def test_python_tags_and_a_configuration_two_folders_above_are_read(catalogue: Catalogue) -> None:
    found = of_real("HenryLee829*", catalogue)
    (fit,) = (settings for name, settings in found.items() if "finetune" in name)
    known = known_of(fit)
    expected = {"learning_rate": 0.001, "beta2": 0.98, "train_dataloader.batch_size": 128.0}
    assert {name: known[name] for name in expected} == expected
    assert fit["data"].sources[0].where.endswith(".hydra/overrides.yaml")
    assert not any(
        setting.disagreeing for settings in found.values() for setting in settings.values()
    )


@real
@pytest.mark.parametrize("folder", ["FeilongY*", "lhwright13*", "janosh*", "Linesight*"])
def test_where_nothing_is_recorded_nothing_is_found(catalogue: Catalogue, folder: str) -> None:
    assert varied(of_real(folder, catalogue)) == {}


@real
def test_seeds_in_names_are_found(catalogue: Catalogue) -> None:
    found = of_real("yinzhoux*", catalogue)
    seeds = {n: known_of(s).get("seed") for n, s in found.items() if "data_exp4" in n}
    assert list(seeds.values()) == [1.0, 2.0, 3.0, 4.0, 5.0]
