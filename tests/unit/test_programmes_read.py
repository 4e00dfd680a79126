"""A folder becomes a value, or every fault of every file with its place."""

import hashlib
from decimal import Decimal

import pytest

from sekisho.errors import ProgrammeError
from sekisho.model.dataset import Sensitivity
from sekisho.model.text import Text
from sekisho.programmes.check import checked_programme
from sekisho.programmes.read import read_programme
from sekisho.terms import ColumnType, Language, Method
from tests.lib.programme_folder import (
    BY_REGION,
    DATASET,
    FILES,
    PROGRAMME,
    check_own_rules,
    packed,
    spoilt,
    write,
)


def faults_of(files):
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(files))
    return raised.value.faults


def sentences_of(files):
    return [fault.sentence() for fault in faults_of(files)]


def test_a_sound_folder_becomes_its_value(tmp_path):
    programme = read_programme(write(tmp_path, FILES))
    assert (programme.id, programme.steward, programme.recipients) == (
        "shop-sales",
        "office",
        ("public",),
    )
    sales = programme.dataset("sales")
    assert sales.method is Method.DISCLOSURE_CONTROL
    assert sales.contributor == "shop"
    assert (sales.not_contributors, sales.not_contributor_reasons[0].en) == (
        ("own",),
        "Our own shop",
    )
    amount = sales.column("amount")
    assert (amount.type, amount.decimals, amount.minimum) == (ColumnType.NUMBER, 2, "0")
    assert sales.column("shop").sensitivity is Sensitivity.IDENTIFYING
    plan = programme.plan("by-goods")
    assert plan.dimensions[0].levels == ("region", "goods")
    assert plan.dimensions[0].level_titles[1] == Text("Goods", "品目")
    assert plan.sql == FILES["releases/by-goods.sql"]
    assert [each.id for each in programme.linked_set("by-goods")] == ["by-goods", "by-region"]
    assert [rule.id for rule in programme.access_rules] == ["shop-R1"]


def test_labels_come_from_the_plan_and_from_look_ups():
    programme = read_programme(packed(FILES))
    expected = (("region", "n", Text("North", "北")), ("region", "s", Text("South", "南")))
    assert programme.plan("by-goods").labels == expected
    assert programme.plan("by-region").labels == expected


def test_a_packed_folder_reads_like_the_folder_itself(tmp_path):
    assert read_programme(packed(FILES)) == read_programme(write(tmp_path, FILES))


def test_the_digest_is_that_of_sha256sum_over_the_sorted_paths():
    lines = [
        f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n"
        for path, text in sorted(FILES.items())
    ]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert read_programme(packed(FILES)).digest == digest


def test_one_changed_byte_of_a_sample_changes_the_digest():
    changed = FILES | {"sample/sales.csv": FILES["sample/sales.csv"].replace("10.00", "10.01")}
    assert read_programme(packed(changed)).digest != read_programme(packed(FILES)).digest


def test_the_budget_of_a_dataset_is_read_as_exact_numbers():
    declared = DATASET.replace(
        'method = "disclosure-control"',
        'method = "differential-privacy"\nprivacy_unit = "shop"\n'
        'budget = { epsilon = "1.0", delta = "1e-9", period = "year" }',
    )
    budget = (
        read_programme(packed(FILES | {"datasets/sales.toml": declared})).dataset("sales").budget
    )
    assert (budget.epsilon, budget.delta) == (Decimal("1.0"), Decimal("1e-9"))
    assert (budget.period, budget.measure) == ("year", "gaussian")


def test_ten_faults_in_five_files_are_all_reported_with_line_and_suggestion():
    files = FILES | {
        "programme.toml": PROGRAMME.replace("purpose =", "purpos =").replace(
            '"office"', '"The Office"'
        ),
        "datasets/sales.toml": DATASET.replace('type = "number"', 'type = "numbr"').replace(
            "required = true, minimum = 1", "requird = true, minimum = 1"
        ),
        "lookups/regions.csv": "code,name_en,name_ja\nx,North,北\nn,South\n",
        "releases/by-region.toml": BY_REGION.replace(', ja = "地域別の売上げ"', "")
        .replace("sensitivity_rules", "p = 10\nsensitivity_rules")
        .replace('id = "by-region"', 'id = "by-regions"'),
        "rules/release.cedar": FILES["rules/release.cedar"].replace("statistical", "statistcal"),
    }
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(files), check_own_rules)
    assert raised.value.sentences() == [
        "datasets/sales.toml:17:17: unknown key `requird`; did you mean `required`?",
        (
            "datasets/sales.toml:40:1: `type` is none of `string`, `integer`, `number`, `date`,"
            " `datetime`, `boolean`; did you mean `number`?"
        ),
        (
            "lookups/regions.csv:2: the value of column `code` does not keep to its declaration;"
            " change the value or the declaration"
        ),
        "lookups/regions.csv:3: the row does not have 3 cells; check its commas and quotation marks",
        "programme.toml:5:1: unknown key `purpos`; did you mean `purpose`?",
        (
            "programme.toml:7:1: `steward` holds `The Office`, which is not lower-case letters, digits"
            " and hyphens; write `the-office`"
        ),
        (
            "releases/by-region.toml:2:1: id `by-regions` differs from the file name `by-region`;"
            " make them the same"
        ),
        "releases/by-region.toml:3:1: `title` has no words in `ja`; add them: both languages are read",
        (
            "releases/by-region.toml:6:1: `p` looks like a secret parameter of a sensitivity rule, and a"
            " programme folder is open to read; delete it here and put it into the data holder's private"
            " settings, `node.toml`"
        ),
        (
            "rules/release.cedar:2: `statistcal` is no value of `data.identifiability`; did you mean"
            " `statistical`?"
        ),
    ]


def test_a_missing_key_is_reported_beside_a_statement_that_could_not_be_read():
    said = sentences_of(
        spoilt(
            "lookups/regions.toml",
            'licence = "Apache-2.0"\nsource = "made up"',
            'source = "made up',
        )
    )
    assert said == [
        'lookups/regions.toml:1:1: key `licence` is missing; write `licence = "…"`',
        "lookups/regions.toml:5:18: text does not end on this line; close the quotation marks",
    ]


def test_faults_after_a_fault_of_writing_are_still_reported():
    broken = PROGRAMME.replace('id = "shop-sales"', "id = shop-sales").replace(
        'recipients = ["public"]', 'recipients = ["public"'
    )
    said = sentences_of(FILES | {"programme.toml": broken + "colour = 1\nsteward = 'x'\n"})
    assert [line.split(": ")[0] for line in said] == [
        "programme.toml:2:6",
        "programme.toml:8:1",
        "programme.toml:10:1",
        "programme.toml:11:1",
    ]


def test_nothing_is_called_missing_in_a_file_that_could_not_be_read_whole():
    said = sentences_of(FILES | {"programme.toml": PROGRAMME.replace("steward = ", "steward ")})
    assert said == ["programme.toml:7:9: no `=` after the key; write `key = value`"]


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("programme.toml", "schema = 1", "schema = 2", "other-schema"),
        ("programme.toml", "schema = 1", "schema = true", "wrong-kind"),
        ("programme.toml", '"Sales of shops"', '" "', "no-language"),
        ("programme.toml", 'title = { en = "Sales of shops", ja = "店舗の売上げ" }', 'title = "x"', "needs-languages"),
        ("programme.toml", "ja = ", "jp = ", "unknown-key-known"),
        ("programme.toml", '["public"]', '["public", "public"]', "listed-twice"),
        ("programme.toml", '["public"]', "[]", "wrong-length"),
        ("programme.toml", '["public"]', '"public"', "wrong-kind"),
        ("programme.toml", '["public"]', "[3]", "wrong-kind"),
        ("programme.toml", 'steward = "office"', 'steward = "office"\nsteward = "other"', "said-twice"),
        ("programme.toml", 'steward = "office"', 'answers = "office"', "missing-key"),
        ("programme.toml", '"office"', '"' + "a" * 65 + '"', "bad-id"),
        ("datasets/sales.toml", "[sekisho]", "[own]", "missing-key"),
        ("datasets/sales.toml", 'name = "sale"', 'name = "Sale No"', "bad-name"),
        ("datasets/sales.toml", "required = true", 'required = "yes"', "wrong-kind"),
        ("datasets/sales.toml", "decimals = 2", "decimals = 30", "out-of-range"),
        ("datasets/sales.toml", 'enum = ["n", "s"]', "enum = []", "wrong-length"),
        ("datasets/sales.toml", '"[a-z]+"', '"(a+)+"', "pattern-not-plain"),
        ("datasets/sales.toml", 'contributor = "shop"', 'contributor = "shop"\nk = 85', "secret-parameter"),
        ("releases/by-region.toml", 'links = ["by-goods"]', 'cost = "price"', "not-a-choice-known"),
        ("releases/by-region.toml", 'links = ["by-goods"]', 'must_publish = ["n"]', "wrong-kind"),
        ("releases/by-region.toml", 'links = ["by-goods"]', "minimum_frequency = 1", "out-of-range"),
        ("releases/by-region.toml", 'lookup = "regions"', 'lookup = "region"', "unknown-lookup"),
        ("releases/by-region.toml", 'value = "code"', 'value = "cod"', "unknown-column"),
        ("releases/by-goods.toml", '[labels.region]\nn = { en = "North", ja = "北" }', '[labels.region]\nn = "North"', "needs-languages"),
        ("releases/by-goods.toml", "[labels.region]", "[labels]\nregion = 1\n[x]", "wrong-kind"),
    ],
)  # fmt: skip
def test_what_leaves_the_vocabulary_is_a_fault_with_its_place(file, old, new, code):
    faults = faults_of(spoilt(file, old, new))
    assert f"programme.{code}" in {fault.code for fault in faults}
    assert all(fault.place and fault.place.line for fault in faults)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"releases/by-region.sql": None}, "no-companion"),
        ({"releases/other.sql": "SELECT 1"}, "no-companion"),
        ({"lookups/regions.csv": None}, "no-companion"),
        ({"README.md": None}, "no-file"),
        ({"programme.toml": None}, "no-file"),
        ({"dataset/sales.toml": DATASET}, "unknown-folder"),
        ({"zebra/x.md": "x"}, "unknown-folder-known"),
        ({"programm.toml": PROGRAMME}, "unknown-file"),
        ({"zzz": "x"}, "unknown-file-known"),
        ({"datasets/sales.yaml": "x"}, "wrong-suffix"),
        ({"datasets/deep/sales.toml": DATASET}, "no-folder-here"),
        ({"datasets/Sales.toml": DATASET}, "file-not-an-id"),
        ({"datasets/sales-2.toml": DATASET}, "id-not-file"),
    ],
)
def test_what_leaves_the_layout_is_a_fault(changed, code):
    files = {path: text for path, text in (FILES | changed).items() if text is not None}
    assert f"programme.{code}" in {fault.code for fault in faults_of(files)}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("code,name_en,name_ja\n", "no-rows"),
        ("", "column-not-once"),
        ("code,code,name_en,name_ja\nn,n,N,北\n", "column-not-once"),
        ("code,name_en,name_ja,more\nn,North,北,1\n", "undeclared-column-known"),
        ("code,name_en,name_ja,name_jp\nn,North,北,1\n", "undeclared-column"),
        ("code,name_en,name_ja\nn,North\n", "row-length"),
        ("code,name_en,name_ja\nx,North,北\n", "bad-cell"),
        ("code,name_en,name_ja\nn,,北\n", "bad-cell"),
        ("code,name_en,name_ja\nn,North,北\nn,North,北\n", "key-not-unique"),
        ('code,name_en,name_ja\nn,"North,北\n', "not-csv"),
    ],
)
def test_a_look_up_whose_rows_do_not_keep_to_its_declaration_is_a_fault(rows, code):
    assert f"programme.{code}" in {f.code for f in faults_of(FILES | {"lookups/regions.csv": rows})}


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ProgrammeError) as raised:
        read_programme(tmp_path / "nowhere")
    assert "no folder `nowhere`" in str(raised.value)


def test_every_fault_is_said_in_japanese_too():
    files = spoilt("programme.toml", "purpose =", "purpos =")
    with pytest.raises(ProgrammeError) as raised:
        read_programme(packed(files))
    said = raised.value.sentences(Language.JA)
    assert "programme.toml:5:1: キー `purpos` は決められていません。`purpose` のことですか" in said
