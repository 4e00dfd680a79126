"""Forms on the command line: the same calls, sentences in two languages, JSON, exit codes."""

import json
from hashlib import sha256

import pytest

from sekisho.cli.main import run
from tests.lib.forms import ASK, FORM, PROGRAMME, answers, make_node


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A node whose clock is the machine's, so its form has no deadline."""
    from tests.lib.forms import SURVEY

    folder = tmp_path_factory.mktemp("forms")
    start = SURVEY.index("reminders_days")
    text = SURVEY[:start] + SURVEY[start:].replace("reminders_days = [14, 3]\n", "")
    text = text.replace('[deadline]\nday = 2020-06-23\nzone = "Asia/Tokyo"\n', "")
    node, _, _ = make_node(folder, telework=text)
    node.close()
    return folder


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def answer_of(capsys, *arguments: object) -> dict:
    code, out, err = called(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def written(folder, name="answers.json", **changed):
    file = folder / name
    file.write_text(json.dumps(answers(**changed), ensure_ascii=False), encoding="utf-8")
    return file


def test_the_whole_way_of_a_submission_on_the_command_line(place, tmp_path, capsys):
    node, member = place / "node", ("--as", "carrier-a-1")
    assert answer_of(capsys, "form", "list", node, PROGRAMME)["forms"][0]["standing"] == "open"
    code, out, _ = called(capsys, "form", "show", node, PROGRAMME, FORM, "--lang", "ja")
    assert code == 0
    assert "従業員数" in out
    schema = json.loads(called(capsys, "form", "show", node, PROGRAMME, FORM, "--schema")[1])
    assert schema["properties"]["staff"]["maximum"] == 100000

    file = written(tmp_path)
    assert called(capsys, "form", "check", node, PROGRAMME, FORM, file)[0] == 0
    drafted = answer_of(capsys, "form", "draft", node, PROGRAMME, FORM, file, *member)
    assert drafted["answers"]["staff"] == "120"
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF-1.7\nx")
    drafted = answer_of(
        capsys, "form", "draft", node, PROGRAMME, FORM, "--attach", f"report={report}", *member
    )
    assert drafted["answers"]["report"]["name"] == "report.pdf"
    assert drafted["answers"]["staff"] == "120"
    assert answer_of(capsys, "form", "status", node, PROGRAMME, FORM)["drafting"] == ["carrier-a"]

    receipt = tmp_path / "receipts" / "mine.tlog-proof"
    made = answer_of(capsys, "form", "submit", node, PROGRAMME, FORM, "--receipt", receipt, *member)
    assert sha256(receipt.with_suffix(".json").read_bytes()).hexdigest() == made["sha256"]
    key = (node / "log.vkey").read_text().strip()
    code, out, err = called(capsys, "receipt", "verify", receipt, "--key", key)
    assert code == 0, err
    assert made["sha256"] in out

    reference = made["reference"]
    code, out, _ = called(capsys, "form", "read", node, reference.lower(), "--as", "carrier-b-1")
    assert code == 0
    assert "1,200,000 JPY" in out
    assert "Fewer meetings." in out
    fixed = written(tmp_path, "fixed.json", staff=130)
    assert answer_of(capsys, "form", "correct", node, reference, fixed, *member)["revision"] == 2
    assert len(answer_of(capsys, "form", "read", node, reference, "--history")["submissions"]) == 2
    assert answer_of(capsys, "form", "open", node, reference, *member)["state"] == "opened"
    assert answer_of(capsys, "form", "count", node, PROGRAMME, FORM)["rows"] == 2
    listed = answer_of(capsys, "form", "submissions", node, PROGRAMME, "--as", "carrier-b-1")
    assert [each["reference"] for each in listed["submissions"]] == [reference]
    assert answer_of(capsys, "form", "withdraw", node, reference, *member)["state"] == "withdrawn"
    assert "withdrawn" not in called(capsys, "form", "remind", node, PROGRAMME)[1]


def test_every_fault_of_a_file_is_told_at_once_with_its_question(place, tmp_path, capsys):
    file = written(tmp_path, staff="many", region=None)
    code, _, err = called(capsys, "form", "check", place / "node", PROGRAMME, FORM, file)
    assert code == 4
    assert err.splitlines() == [
        "staff: “Staff” must be a number, such as 12.5, without a thousands separator",
        "region: answer “Region”",
    ]
    code, _, err = called(
        capsys, "form", "check", place / "node", PROGRAMME, FORM, file, "--lang", "ja"
    )
    assert "region: 「地域」に答えてください" in err


@pytest.mark.parametrize(
    "content", ["", "[1]", "{", '{"a": 1, "a": 2}', "[" * 100_000, '{"staff": 1e999999999}']
)
def test_a_file_that_is_no_answers_is_refused_in_good_time(place, tmp_path, capsys, content):
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")
    code, _, err = called(capsys, "form", "check", place / "node", PROGRAMME, FORM, file)
    assert code == 4
    assert "Traceback" not in err


def test_unknown_files_numbers_and_forms_say_how_to_go_on(place, tmp_path, capsys):
    node = place / "node"
    assert called(capsys, "form", "check", node, PROGRAMME, FORM, tmp_path / "none.json")[0] == 2
    assert called(capsys, "form", "read", node, "MUS-1234")[0] == 2
    assert called(capsys, "form", "show", node, PROGRAMME, "nothing")[0] == 8
    assert (
        called(
            capsys,
            "form",
            "draft",
            node,
            PROGRAMME,
            FORM,
            "--attach",
            "report",
            "--as",
            "carrier-c-1",
        )[0]
        == 2
    )


def test_a_request_for_data_goes_its_way_on_the_command_line(place, tmp_path, capsys):
    node = place / "node"
    sent = answer_of(capsys, "request", "send", node, PROGRAMME, ASK)["requests"]
    mine, theirs = (each["request"] for each in sent)
    code, out, _ = called(capsys, "request", "list", node, "--as", "carrier-a-1")
    assert code == 0
    assert "Made up." in out
    assert theirs not in out
    assert (
        answer_of(capsys, "request", "accept", node, mine, "--as", "carrier-a-1")["state"]
        == "accepted"
    )
    file = tmp_path / "volumes.csv"
    file.write_text("carrier,hour,volume\na,1,5\n", encoding="utf-8")
    met = answer_of(capsys, "request", "deliver", node, mine, file, "--as", "carrier-a-1")
    assert met["state"] == "delivered"
    assert met["late"]
    declined = (
        "request",
        "decline",
        node,
        theirs,
        "--reason",
        "No such data",
        "--as",
        "carrier-b-1",
    )
    assert answer_of(capsys, *declined)["reason"] == "No such data"
    found = answer_of(capsys, "request", "list", node, PROGRAMME)["requests"]
    assert [each["state"] for each in found] == ["delivered", "refused"]
