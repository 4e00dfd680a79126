"""What Sekisho adds to a dataset's declaration: protection, holders, budgets, bounds."""

from sekisho.model.history import LEAST_STEP, Take
from sekisho.programmes.keys import Key, Kind, required
from sekisho.terms import Method

_NOT_CONTRIBUTOR = (
    required("value", Kind.STRING, "the value in the contributor's column"),
    required("reason", Kind.BOTH, "why it is no third party"),
)

_BUDGET = (
    required("epsilon", Kind.DECIMAL, "most that may be spent in a period"),
    required("delta", Kind.DECIMAL, "probability with which epsilon may fail"),
    required(
        "period", Kind.CHOICE, "when the budget begins anew", choices=("month", "year", "once")
    ),
    Key(
        "column",
        Kind.NAME,
        "date column that says to which period a row belongs; needed with `month` and `year`",
    ),
    Key(
        "measure",
        Kind.CHOICE,
        "how what was spent is kept: `gaussian` as mu squared, `pure` as epsilon",
        choices=("gaussian", "pure"),
        default="gaussian",
    ),
)

CONTRIBUTION = (
    Key(
        "groups",
        Kind.LIMIT,
        "groups that one unit stands in; chosen from a noisy count, or as an earlier release did",
        least=1,
        choices=("chosen", "earlier"),
        default="chosen",
    ),
    Key("rows", Kind.LIMIT, "rows of one unit in one group", least=1, choices=("chosen",)),
    Key(
        "found_groups",
        Kind.INTEGER,
        "groups a unit may bring where the declaration lists none; 0 refuses such queries",
        default="0",
    ),
    Key(
        "length",
        Kind.LENGTH,
        "root of the sum, over groups, of the squares of a unit's amounts, in the measure's unit",
        choices=("chosen",),
    ),
    Key(
        "sampled",
        Kind.BOOLEAN,
        "keep that many groups of each unit, chosen by a hash, instead of scaling all of them",
        default="false",
    ),
)
"""How much a unit is expected to contribute: more is scaled down, never refused."""

_PARTS = (
    required("holders", Kind.IDS, "who brings a part each", least=2, most=100),
    required(
        "key_check",
        Kind.STRING,
        "what `sekisho pseudonym check` prints of the key that all holders use",
    ),
    Key(
        "least",
        Kind.INTEGER,
        "parts without which nothing is released; all of them where it is not said",
        least=2,
    ),
    Key("days", Kind.NAME, "date column of which each part says what days it covers"),
)
"""Several holders of one dataset; people are recognised across parts by keyed pseudonyms."""

_TAKEN = (
    required("column", Kind.NAME, "column of the dataset"),
    required("take", Kind.CHOICE, "what it takes of the record", choices=tuple(Take)),
    Key("path", Kind.STRING, "where it stands: `Condition.code`; of the person: `Patient.gender`"),
    Key("system", Kind.STRING, "with `code`: whose codes; left out where they have no system"),
    Key("other", Kind.STRING, "with `code`: what stands for every code that is not listed"),
    Key(
        "step",
        Kind.INTEGER,
        "with `age`: years that a band spans; ages of 90 and more are one band",
        least=LEAST_STEP,
        most=50,
        default=str(LEAST_STEP),
    ),
)

_LEFT_OUT = (
    required("path", Kind.STRING, "element with a code"),
    required("codes", Kind.STRINGS, "records with one of them become no row", least=1, most=50),
)

_FHIR = (
    required("resource", Kind.STRING, "type of resource that becomes a row each: `Condition`"),
    required("columns", Kind.TABLES, "what each column takes", keys=_TAKEN, least=2, most=50),
    Key("leave_out", Kind.TABLES, "resources that become no row", keys=_LEFT_OUT, most=20),
)
"""Bundles of FHIR R4 become rows; what people wrote, and who they are, never becomes a column."""

OWN_OF_DATASET = (
    required("method", Kind.CHOICE, "how the statistics lane protects it", choices=tuple(Method)),
    Key("contributor", Kind.NAME, "column that names whose contribution a row is (firms)"),
    Key("holding", Kind.NAME, "column that names the holding a contributor belongs to"),
    Key(
        "private_holdings",
        Kind.BOOLEAN,
        "that column stands in no delivery: the data holder keeps a table of it",
        default="false",
    ),
    Key("privacy_unit", Kind.NAME, "column that names whom differential privacy protects"),
    Key(
        "missing_unit",
        Kind.CHOICE,
        "what becomes of rows without contributor or privacy unit",
        choices=("refuse", "exclude"),
        default="refuse",
    ),
    Key("holder", Kind.ID, "participant that brings the data"),
    Key("fhir", Kind.TABLE, "rows are made from bundles of FHIR R4 that are loaded", keys=_FHIR),
    Key("parts", Kind.TABLE, "several participants, each of whom brings a part", keys=_PARTS),
    Key(
        "not_contributors",
        Kind.TABLES,
        "values of the contributor's column that are no third party; a plan may leave them out",
        most=100,
        keys=_NOT_CONTRIBUTOR,
    ),
    Key("budget", Kind.TABLE, "what may be spent on people's data", keys=_BUDGET),
    Key(
        "contribution",
        Kind.TABLE,
        "how much one unit is expected to contribute to a table; more is scaled down",
        keys=CONTRIBUTION,
    ),
)
