"""Vega for browsers, made from the installed package: no network, no file of others in ours.

The bundle of vl-convert holds Vega, Vega-Lite and Vega-Embed; Vega's own interpreter of
expressions comes with Vega-Embed, so that `ast: true` needs no evaluation of text as code and a
page may forbid it. Vega: BSD-3-Clause, University of Washington Interactive Data Lab and others.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

_SNIPPET = "window.sekishoVega = vegaEmbed;"
_NOTICE = (
    "/*! Vega, Vega-Lite, Vega-Embed: BSD-3-Clause, Copyright (c) University of Washington "
    "Interactive Data Lab and contributors; https://github.com/vega */\n"
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The script and what tells it from any other."""

    script: bytes
    packed: bytes
    """The same, compressed with gzip."""
    digest: str


def bundle_name() -> str:
    """A file name that changes with the versions inside, so that a browser may keep the file."""
    import vl_convert

    versions = (
        vl_convert.get_vega_version(),
        vl_convert.get_vegalite_versions()[-1],
        vl_convert.get_vega_embed_version(),
    )
    return f"vega-{'-'.join(versions)}.js"


@cache
def vega_bundle() -> Bundle:
    """The script, made once in a process; it takes some seconds."""
    import gzip

    import vl_convert

    script = (_NOTICE + vl_convert.javascript_bundle(_SNIPPET)).encode("utf-8")
    digest = hashlib.sha256(script).hexdigest()
    return Bundle(script, gzip.compress(script, mtime=0), digest)
