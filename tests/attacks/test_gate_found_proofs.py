"""A release's proof file holds what was logged and nothing else."""

import base64

from sekisho.gate.findings import check_proof
from sekisho.tlog.proof import read_proof, write_proof
from sekisho.wiring import verifiers_of
from tests.lib.small import PROGRAMME, make_node


def test_an_entry_put_into_a_proof_file_is_found(tmp_path):
    """The proof would still hold: the entry that readers open from it must be the proved one."""
    from dataclasses import replace

    with make_node(tmp_path) as node:
        released = node.release(PROGRAMME, "by-place")
        file = released.files["proof.tlog-proof"]
        text = file.read_text(encoding="utf-8")
        proof = read_proof(text)
        said = proof.extra.decode().replace("by-place", "by-goods")
        forged = [
            write_proof(replace(proof, extra=said.encode())),
            write_proof(replace(proof, extra=b"")),
            write_proof(replace(proof, extra=b"anything")),
            text.replace(base64.b64encode(proof.extra).decode()[:8], "eyJlbnRz", 1),
        ]
        for each in forged:
            file.write_text(each, encoding="utf-8")
            assert not node.proof(released.id).verified
            assert not check_proof(released.folder, verifiers_of(node.folder)).verified
            assert not node.verify().passed
        file.write_text(text, encoding="utf-8")
        assert node.proof(released.id).verified
