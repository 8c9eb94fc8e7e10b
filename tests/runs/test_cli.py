"""The command line: exit codes, one-line errors, and a help that loads no torch."""

import subprocess
import sys
from pathlib import Path

import pytest
from audit_world import N_USERS, AuditWorld

from fmm_core.runs.config import make_config
from fmm_core.runs.store import RunFolder, Store


def command(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "fmm_core", *words]
    return subprocess.run([*line, "--store", str(home)], capture_output=True, text=True, check=False, timeout=120)


def test_help_names_every_method_and_loads_no_torch() -> None:
    code = "import sys; from fmm_core.cli import app; import typer.testing as t; "
    code += "print(t.CliRunner().invoke(app, ['train', '--help']).output); print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("lattice", "lightgcn", "repair", "leace", "none", "quick", "standard", "paper"):
        assert f"{name}:" in shown
    assert shown.strip().endswith("False")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train",), "--dataset: no data set is named. `datasets list` names them."),
        (("train", "--dataset", "synthetic", "--method", "x"), 'there is no method "x". Choose one of: flow,'),
        (("train", "--dataset", "synthetic", "--weight", "gender"), '--weight: "" is not a number.'),
        (("train", "--dataset", "nowhere"), 'there is no data set or folder "nowhere". Choose one of: synthetic,'),
        (
            ("train", "--dataset", "synthetic", "--modalities", "text", "--modality-subsets"),
            "mixes of modalities: mixes are trained of two to 4 modalities, not of 1. Choose them by name.",
        ),
        (
            ("audit", "--users", "u.csv", "--attributes", "gender"),
            "settings: nothing to attack is named; give vectors, lists or interactions.",
        ),
        (
            ("audit", "--users", "u.csv", "--attributes", "gender", "--vectors", "v.csv", "--extra", "x"),
            "setting extra.0: Input should be 'svm', 'boosting' or 'knn'.",
        ),
        (
            ("train", "--dataset", "synthetic", "--disclosed", "0"),
            "setting disclosed: Input should be greater than 0.",
        ),
        (("datasets", "delete", "nothing"), 'there is no stored data set "nothing". `datasets list` names them all.'),
        (("datasets", "fetch", "nothing"), 'there is no data set "nothing". Choose one of: synthetic, movielens-100k.'),
        (("runs", "show", "nothing"), 'there is no run "nothing".'),
        (("runs", "try", "nothing", "--weight", "gender=1"), 'there is no run "nothing".'),
        (("datasets", "check", "/nowhere"), 'there is no data set, folder or file "/nowhere". `datasets list` names'),
        (
            ("datasets", "import", "tests", "--map", "uid"),
            '--map: "uid" is no column that is read. Choose one of: inter',
        ),
        (
            ("datasets", "import", "tests", "--attribute", "age=x"),
            '--attribute: "x" is not a number. Write it like inc',
        ),
        (("datasets", "import", "tests", "--file", "x=y"), "reading plan: files.x: Input should be 'interactions', "),
        (
            ("datasets", "check", "tests", "--text-encoder", "x"),
            "reading plan: text_encoder: Input should be 'words' or 'sentences'",
        ),
        (("runs", "fly"), "No such command 'fly'."),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    done = command(*words, home=tmp_path) if words != ("runs", "fly") else _bare(*words)
    assert done.returncode == 2
    assert done.stderr.strip().startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def _bare(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "fmm_core", *words], capture_output=True, text=True, check=False)


def test_a_used_out_folder_is_refused(tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine.txt").touch()
    done = command("train", "--dataset", "synthetic", "--out", str(used), home=tmp_path / "home")
    assert done.returncode == 2
    assert "this folder is not empty" in done.stderr
    assert [path.name for path in used.iterdir()] == ["mine.txt"]


def test_datasets_check_says_what_was_understood(tmp_path: Path) -> None:
    done = command("datasets", "check", "synthetic", home=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Made-up films: 1,000 people, 400 items, 36,000 interactions"
    assert any(line.startswith("modality audio: 32 numbers, 400 of 400 items") for line in lines)


def test_runs_are_listed_and_deleted(tmp_path: Path) -> None:
    run = Store(tmp_path).new_run(make_config("synthetic", weights={"gender": 0.5}))
    listed = command("runs", "list", home=tmp_path).stdout
    assert "queued" in listed
    assert "gender=0.5" in listed
    assert command("runs", "delete", run.id, home=tmp_path).returncode == 0
    assert Store(tmp_path).runs() == []


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """Forty people under odd names, two clicks each; one click has no person."""
    folder = tmp_path / "messy"
    folder.mkdir()
    people = "".join(f"p{person};{'wm'[person % 2]};{20 + person}\n" for person in range(40))
    clicks = "".join(f"p{person};i{(person + step) % 7};{1 + step}\n" for person in range(40) for step in range(2))
    (folder / "a.csv").write_text("\ufeffkey;sex;age\n" + people, encoding="utf-8")
    (folder / "b.csv").write_text("who;film;stars\n" + clicks + ";i1;5\n", encoding="utf-8")
    return folder


MAPPED = (
    "--file", "interactions=b.csv", "--file", "users=a.csv",
    "--map", "interactions.user_id=who", "--map", "users.user_id=key",
)  # fmt: skip


def test_a_check_of_files_prints_every_problem_and_leaves_nothing(messy: Path, tmp_path: Path) -> None:
    done = command("datasets", "check", str(messy), *MAPPED, home=tmp_path / "home")
    assert done.returncode == 2
    assert "read as tables" in done.stdout
    assert "b.csv: interactions" in done.stdout
    assert 'problem: b.csv, column "who": 1 empty value (row 82). Fill or remove them.' in done.stdout
    assert Store(tmp_path / "home").jobs() == []


def test_files_are_imported_as_a_plan_and_options_say(messy: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"name": "Other", "leave_out_bad_rows": true, "text_encoder": "sentences"}', encoding="utf-8")
    options = (*MAPPED, "--plan", str(plan), "--attribute", "age=30,40", "--min-rating", "2", "--name", "Films")
    options += ("--text-encoder", "words")
    done = command("datasets", "import", str(messy), *options, home=tmp_path / "home")
    assert (done.returncode, done.stderr.strip()) == (0, "")
    (card,) = Store(tmp_path / "home").datasets()
    assert done.stdout.strip() == card["id"]
    assert (card["name"], card["n_pairs"]) == ("Films", 40)  # of each person's two clicks, one has two stars
    assert list(card["attributes"]) == ["age"]
    assert card["attributes"]["age"]["edges"] == [30, 40]
    shown = command("datasets", "check", card["id"], home=tmp_path / "home")
    assert shown.stdout.startswith("Films: 40 people, 7 items, 40 interactions")


def test_an_import_that_fails_is_one_line_and_exit_2(messy: Path, tmp_path: Path) -> None:
    done = command("datasets", "import", str(messy), home=tmp_path / "home")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_an_audit_of_files_prints_its_folder_and_says_what_did_not_match(tmp_path: Path) -> None:
    world, out = AuditWorld(tmp_path), tmp_path / "result"
    users = world.users.copy()
    users[:2] = ["x1", "x2"]
    files = ("--users", world.people(users=users), "--interactions", world.clicks())
    done = command("audit", *files, "--attributes", "gender", "--out", str(out), home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out)
    assert "2 ids of clicks.csv are not in users.csv: left out." in done.stderr
    assert "history" in done.stderr
    assert RunFolder(out).table("audit/leakage.csv")["n_users"].max() == N_USERS - 2
    assert not (tmp_path / "home").exists()


def test_an_audit_in_the_store_is_listed_and_shown(tmp_path: Path) -> None:
    world, home = AuditWorld(tmp_path), tmp_path / "home"
    files = ("--users", world.people(), "--interactions", world.clicks(), "--extra", "knn")
    assert command("audit", *files, "--attributes", "gender", "--title", "Ours", home=home).returncode == 0
    (run,) = Store(home).runs()
    assert "-ours-audit-" in run.id
    assert "audit of files" in command("runs", "list", home=home).stdout
    shown = command("runs", "show", run.id, home=home).stdout
    assert "leaks" in shown
    assert "< 0.001" in shown
    leakage = run.table("audit/leakage.csv")
    assert leakage.loc[leakage.attacker == "knn", "users"].tolist() == ["all", "held_out"]


def test_a_file_that_cannot_be_audited_ends_in_exit_2(tmp_path: Path) -> None:
    users = AuditWorld(tmp_path).people()
    words = ("audit", "--users", users, "--attributes", "gender", "--lists", str(tmp_path / "none.csv"))
    done = command(*words, home=tmp_path / "home")
    assert done.returncode == 2
    assert done.stderr.strip() == "none.csv: this file is missing. Check the path."
