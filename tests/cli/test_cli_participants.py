"""Tokens and keys from the command line: what was taken away opens nothing any more."""

import base64
import json

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import Conflict, NotFound, NotPermitted
from sekisho.model.actor import Actor, Participant
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind, Role
from sekisho.tlog.keys import new_private_key, public_key
from tests.lib.small import OWNER


@pytest.fixture
def node(tmp_path):
    with sekisho.init(tmp_path / "node", OWNER) as made:
        user = Participant("lab", Text("Lab", "研究室"), ParticipantKind.RESEARCHER, "JP")
        made.add_participant(user)
        yield made


def said(capsys, *arguments):
    capsys.readouterr()
    assert run([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def changes(node) -> list[str]:
    return [entry.public.get("change") for _, entry in node.log_book.page().entries]


def test_a_token_that_was_replaced_opens_nothing_and_the_new_one_does(node, capsys):
    old = node.add_actor(Actor("ann", "lab", frozenset({Role.DATA_USER})))
    new = said(capsys, "participant", "token", node.folder, "ann")["token"]
    assert new != old
    with pytest.raises(NotPermitted):
        node.as_token(old)
    assert [each.id for each in node.as_token(new).participants()]
    assert changes(node)[0] == "token-replaced"


def test_a_token_that_was_withdrawn_opens_nothing_and_none_takes_its_place(node, capsys):
    old = node.add_actor(Actor("ann", "lab", frozenset({Role.DATA_USER})))
    assert said(capsys, "participant", "token", node.folder, "ann", "--withdraw")["token"] is None
    with pytest.raises(NotPermitted):
        node.as_token(old)
    assert changes(node)[0] == "token-withdrawn"


def test_only_the_owner_hands_out_tokens_and_only_to_actors_that_there_are(node, capsys):
    node.add_actor(Actor("ann", "lab", frozenset({Role.STEWARD, Role.DATA_USER})))
    size = node.log_book.page().size
    refused = run(["participant", "token", str(node.folder), "ann", "--as", "ann"])
    assert refused == NotPermitted.exit_code
    assert run(["participant", "token", str(node.folder), "nobody"]) == NotFound.exit_code
    assert "sekisho_" not in capsys.readouterr().out
    assert node.log_book.page().size == size


def test_a_token_stands_in_no_entry_of_the_log(node, capsys):
    node.add_actor(Actor("ann", "lab", frozenset({Role.DATA_USER})))
    token = said(capsys, "participant", "token", node.folder, "ann")["token"]
    files = [file for file in node.log_folder.rglob("*") if file.is_file()]
    assert not any(token.encode() in file.read_bytes() for file in files)


def test_a_key_is_registered_listed_and_revoked_once(node, capsys, tmp_path):
    file = tmp_path / "key"
    file.write_text(base64.b64encode(public_key(new_private_key())).decode(), encoding="utf-8")
    for line in (["key"], ["key", "add"]):
        answered = run(["participant", *line, str(node.folder), "lab", str(file), "--json"])
        if line == ["key"]:
            assert answered == 0
            fingerprint = json.loads(capsys.readouterr().out)["fingerprint"]
        else:
            assert answered == Conflict.exit_code
    (listed,) = said(capsys, "participant", "key", "list", node.folder)["keys"]
    assert (listed["fingerprint"], listed["revoked_at"]) == (fingerprint, None)
    said(capsys, "participant", "key", "revoke", node.folder, fingerprint)
    (listed,) = said(capsys, "participant", "key", "list", node.folder)["keys"]
    assert listed["revoked_at"] is not None
    again = run(["participant", "key", "revoke", str(node.folder), fingerprint])
    assert again == Conflict.exit_code
    assert run(["participant", "key", "revoke", str(node.folder), "0" * 64]) == NotFound.exit_code
    assert changes(node)[0] == "revoked"


def test_a_participants_own_actor_may_revoke_its_key_and_no_others(node, capsys, tmp_path):
    node.add_actor(Actor("ann", "lab", frozenset({Role.DATA_USER})))
    other = Participant("shop", Text("Shop", "店"), ParticipantKind.BUSINESS_OPERATOR, "JP")
    node.add_participant(other)
    node.add_actor(Actor("bob", "shop", frozenset({Role.DATA_USER})))
    key = node.add_key("lab", "sign", base64.b64encode(public_key(new_private_key())).decode())
    line = ["participant", "key", "revoke", str(node.folder), key.fingerprint, "--as"]
    assert run([*line, "bob"]) == NotPermitted.exit_code
    assert run([*line, "ann"]) == 0
