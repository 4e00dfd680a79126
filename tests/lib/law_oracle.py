"""What four laws ask of a flow, written from the citations as plain Python.

It shares no word of code with the rules under test: facts come in as a flat dictionary, and each
law answers with the articles that stand against the flow. A fact that is absent is unknown.
"""

from collections.abc import Callable, Mapping
from datetime import date

Flow = Mapping[str, object]
PERSON = ("personal", "pseudonymised")
RESEARCH = ("dpv:AcademicResearch", "dpv:ScientificResearch")
STATISTICS = ("dpv:OfficialStatistics", "dpv:StatisticalAnalysis")


def yes(flow: Flow, *names: str) -> bool:
    """Every one of these is known to be so."""
    return all(flow.get(name) is True for name in names)


def no(flow: Flow, *names: str) -> bool:
    """Every one of these is known not to be so."""
    return all(flow.get(name) is False for name in names)


def has(flow: Flow, *categories: str) -> bool:
    return bool(set(flow["data.categories"]) & set(categories))


def abroad_from(flow: Flow, place: str) -> bool:
    return flow["sender.jurisdiction"] == place and flow["recipient.jurisdiction"] != place


def to_herself(flow: Flow) -> bool:
    return "data-subject" in (flow["recipient.kind"], flow["sender.kind"])


def stands(flow: Flow) -> bool:
    """Consent that was given and is known not to have been withdrawn."""
    return yes(flow, "consent.given") and no(flow, "consent.withdrawn")


# --- Japan: Act on the Protection of Personal Information ------------------------------------

APPI_SPECIAL = ("health", "genetic", "race", "belief", "social-status", "criminal", "crime-victim")
APPI_EQUIVALENT = ("EU", "GB")


def appi_exception(flow: Flow) -> bool:
    """Art. 27(1)(i) to (vii)."""
    academic = (
        yes(flow, "basis.academic")
        and no(flow, "rights.undue_harm")
        and flow["purpose"] in RESEARCH
        and "researcher" in (flow["sender.kind"], flow["recipient.kind"])
    )
    named = ("basis.law_requires", "basis.vital", "basis.public_health", "basis.state_task")
    return academic or any(yes(flow, each) for each in named)


def appi_consent_abroad(flow: Flow) -> bool:
    """Art. 28(1), (2): consent to provision abroad after the three items of Rules Art. 17."""
    return stands(flow) and yes(flow, "consent.abroad", "consent.informed_country")


def appi_equivalent(flow: Flow) -> bool:
    """Art. 28(1) brackets, Rules Art. 15, 16: the country, or the recipient's system."""
    return (
        flow["recipient.jurisdiction"] in APPI_EQUIVALENT
        or yes(flow, "contract.equivalent_measures")
        or yes(flow, "recipient.cbpr")
    )


def japan_private(flow: Flow) -> set[str]:
    """Chapter 4: business operators, and hospitals and researchers that it binds (Art. 58)."""
    against = set()
    kind = flow["data.identifiability"]
    if kind == "personal":
        opt_out = yes(flow, "notice.opt_out") and not has(flow, *APPI_SPECIAL)
        routes = stands(flow) or opt_out or yes(flow, "contract.processor")
        if not (routes or appi_exception(flow) or appi_consent_abroad(flow)):
            against.add("JP-APPI-27")
        passes = appi_consent_abroad(flow) or appi_equivalent(flow) or appi_exception(flow)
        if flow["recipient.jurisdiction"] != "JP" and not passes:
            against.add("JP-APPI-28")
    if kind == "pseudonymised" and not (
        yes(flow, "basis.law_requires") or yes(flow, "contract.processor")
    ):
        against.add("JP-APPI-41-6")
    if kind == "anonymised" and not yes(flow, "measures.appi_anonymised"):
        against.add("JP-APPI-43")
    return against


def japan_public(flow: Flow) -> set[str]:
    """Chapter 5: administrative organs and other public bodies."""
    against = set()
    kind = flow["data.identifiability"]
    inside = yes(flow, "task.within_purpose") or yes(flow, "basis.law_requires")
    harmless = no(flow, "rights.undue_harm")
    special = yes(flow, "task.special_reason") and harmless
    other_body = (
        yes(flow, "task.other_body")
        and flow["recipient.kind"] == "public-body"
        and flow["recipient.jurisdiction"] == "JP"
        and harmless
    )
    if kind in PERSON and not (inside or special or other_body or (stands(flow) and harmless)):
        against.add("JP-APPI-69")
    if kind in PERSON and flow["recipient.jurisdiction"] != "JP":
        passes = inside or special or appi_consent_abroad(flow) or appi_equivalent(flow)
        if not passes:
            against.add("JP-APPI-71")
    if kind == "anonymised" and not (
        yes(flow, "measures.admin_anonymised") or yes(flow, "basis.law_requires")
    ):
        against.add("JP-APPI-109")
    return against


def japan(flow: Flow) -> set[str]:
    against: set[str] = set()
    if to_herself(flow):
        return against
    if flow["sender.jurisdiction"] == "JP":
        public = flow["sender.kind"] == "public-body"
        against |= japan_public(flow) if public else japan_private(flow)
    receives = flow["recipient.jurisdiction"] == "JP" and flow["recipient.kind"] != "public-body"
    if receives and flow["data.identifiability"] == "personal" and has(flow, *APPI_SPECIAL):
        routes = stands(flow) or yes(flow, "contract.processor")
        if not (routes or appi_exception(flow)):
            against.add("JP-APPI-20-2")
    return against


# --- European Union: General Data Protection Regulation --------------------------------------

GDPR_SPECIAL = (
    "health",
    "genetic",
    "biometric",
    "race",
    "belief",
    "political",
    "trade-union",
    "sex-life",
)


def gdpr_transfer(flow: Flow) -> bool:
    """Chapter V: adequacy, safeguards, or a derogation."""
    to, kind = flow["recipient.jurisdiction"], flow["recipient.kind"]
    operator = kind == "business-operator" or (
        kind == "hospital" and yes(flow, "recipient.appi_operator")
    )
    adequate = (
        (to == "JP" and operator)
        or (to == "KR" and not has(flow, "financial"))
        or (to == "US" and yes(flow, "recipient.dpf"))
    )
    assessed = yes(flow, "contract.transfer_assessment")
    safeguards = assessed and (yes(flow, "contract.scc") or yes(flow, "contract.bcr"))
    bodies = flow["sender.kind"] == kind == "public-body"
    instrument = bodies and yes(flow, "contract.public_instrument")
    consented = (
        stands(flow)
        and yes(flow, "consent.explicit", "consent.informed_risks")
        and flow["sender.kind"] != "public-body"
    )
    derogation = (
        consented or yes(flow, "basis.public_interest") or yes(flow, "basis.vital_incapable")
    )
    return adequate or safeguards or instrument or derogation


def ehds_permit(flow: Flow) -> bool:
    """Regulation (EU) 2025/327, Art. 68, 73, once Chapter IV applies."""
    return (
        flow["date"] >= date(2029, 3, 26)
        and yes(flow, "permit.ehds", "measures.secure_environment")
        and flow["data.identifiability"] == "pseudonymised"
        and flow["purpose"] in (*RESEARCH, *STATISTICS)
    )


def european_union(flow: Flow) -> set[str]:
    against: set[str] = set()
    here = "EU" in (flow["sender.jurisdiction"], flow["recipient.jurisdiction"])
    if to_herself(flow) or not here or flow["data.identifiability"] not in PERSON:
        return against
    if not (stands(flow) or yes(flow, "basis.eu_lawful") or ehds_permit(flow)):
        against.add("EU-GDPR-6")
    research = yes(flow, "basis.research_law", "measures.art89") and flow["purpose"] in (
        *RESEARCH,
        *STATISTICS,
    )
    special = (
        (stands(flow) and yes(flow, "consent.explicit"))
        or yes(flow, "basis.vital_incapable")
        or (yes(flow, "basis.treatment") and flow["recipient.kind"] == "hospital")
        or yes(flow, "basis.public_health")
        or yes(flow, "basis.law_requires")
        or research
        or ehds_permit(flow)
    )
    if has(flow, *GDPR_SPECIAL) and not special:
        against.add("EU-GDPR-9")
    if has(flow, "criminal") and not yes(flow, "basis.law_requires"):
        against.add("EU-GDPR-10")
    if abroad_from(flow, "EU") and not gdpr_transfer(flow):
        against.add("EU-GDPR-44")
    return against


# --- Korea: Personal Information Protection Act ----------------------------------------------

PIPA_SENSITIVE = (
    "belief",
    "political",
    "trade-union",
    "health",
    "sex-life",
    "genetic",
    "biometric",
    "race",
    "criminal",
)


def pipa_pseudonymised(flow: Flow) -> bool:
    """Art. 28-2: statistics, scientific research, without consent."""
    return (
        flow["data.identifiability"] == "pseudonymised"
        and flow["purpose"] in (*RESEARCH, *STATISTICS)
        and yes(flow, "measures.pseudonymised_kr")
    )


def pipa_consent(flow: Flow) -> bool:
    """Art. 15(2), 17(2): consent after the listed items were told."""
    return stands(flow) and yes(flow, "consent.informed_items")


def pipa_abroad(flow: Flow) -> bool:
    """Art. 28-8(1) items 1 to 5."""
    consent = stands(flow) and yes(flow, "consent.separate", "consent.informed_transfer")
    contract = yes(flow, "contract.with_person", "contract.processor", "notice.cross_border")
    to_eu = flow["recipient.jurisdiction"] == "EU" and not has(flow, "financial", "identifier")
    return (
        consent
        or contract
        or to_eu
        or yes(flow, "basis.treaty")
        or yes(flow, "recipient.kr_certified")
    )


def korea(flow: Flow) -> set[str]:
    against: set[str] = set()
    sends, takes = flow["sender.jurisdiction"] == "KR", flow["recipient.jurisdiction"] == "KR"
    if to_herself(flow) or not (sends or takes) or flow["data.identifiability"] not in PERSON:
        return against
    harmless = no(flow, "rights.undue_harm")
    urgent = any(yes(flow, f"basis.{each}") for each in ("law_requires", "vital", "public_health"))
    shared = pipa_consent(flow) or pipa_pseudonymised(flow) or yes(flow, "contract.processor")
    if sends and not (shared or (urgent and harmless) or yes(flow, "basis.within_collection")):
        against.add("KR-PIPA-17")
    if takes and not sends and not (shared or urgent or yes(flow, "contract.with_person")):
        against.add("KR-PIPA-15")
    separate = stands(flow) and yes(flow, "consent.sensitive_separate")
    sensitive = separate or yes(flow, "basis.law_requires") or pipa_pseudonymised(flow)
    if has(flow, *PIPA_SENSITIVE) and not sensitive:
        against.add("KR-PIPA-23")
    if abroad_from(flow, "KR") and not pipa_abroad(flow):
        against.add("KR-PIPA-28-8")
    medical = flow["sender.kind"] == "hospital" and has(flow, "health", "genetic")
    if sends and medical and not yes(flow, "review.other_law"):
        against.add("KR-SCOPE-1")
    return against


# --- United States: HIPAA Privacy Rule, 28 CFR Part 202 --------------------------------------

CONCERN = ("CN", "CU", "IR", "KP", "RU", "VE", "HK", "MO")


def is_bulk(flow: Flow) -> bool:
    """28 CFR 202.205: persons in 12 months, by category; unknown counts as bulk."""
    n = flow.get("data.persons")

    def over(limit: int) -> bool:
        return n is None or int(str(n)) > limit

    return (
        (has(flow, "genetic") and over(100))
        or (has(flow, "biometric", "location") and over(1_000))
        or (has(flow, "health", "financial") and over(10_000))
        or (has(flow, "identifier") and over(100_000))
    )


def hipaa(flow: Flow) -> set[str]:
    """45 CFR 164.502(a): a covered provider's health information."""
    kind = flow["data.identifiability"]
    if kind == "anonymised":
        return set() if yes(flow, "measures.deidentified") else {"US-HIPAA-514"}
    limited = (
        kind == "pseudonymised"
        and yes(flow, "contract.data_use")
        and flow["purpose"] in (*RESEARCH, "dpv:PublicHealth")
    )
    signed = yes(flow, "authorisation.signed") and no(flow, "authorisation.revoked")
    open_ways = (
        signed
        or (yes(flow, "basis.treatment") and flow["recipient.kind"] == "hospital")
        or any(yes(flow, f"basis.{each}") for each in ("law_requires", "public_health", "vital"))
        or (yes(flow, "basis.irb_waiver") and flow["purpose"] in RESEARCH)
        or limited
        or yes(flow, "contract.processor")
        or (kind == "pseudonymised" and yes(flow, "measures.deidentified"))
    )
    return set() if open_ways else {"US-HIPAA-502"}


def united_states(flow: Flow) -> set[str]:
    against: set[str] = set()
    people = (*PERSON, "anonymised")
    from_us = flow["sender.jurisdiction"] == "US"
    if to_herself(flow) or not from_us or flow["data.identifiability"] not in people:
        return against
    hospital = flow["sender.kind"] == "hospital"
    if hospital and has(flow, "health", "genetic"):
        against |= hipaa(flow)
    elif flow["data.identifiability"] in PERSON and not yes(flow, "review.other_law"):
        against.add("US-SCOPE-1")
    authorised = (
        no(flow, "transaction.commercial")
        or yes(flow, "basis.us_exempt")
        or yes(flow, "licence.doj")
    )
    concern = flow["recipient.jurisdiction"] in CONCERN or not no(flow, "recipient.covered_person")
    restricted = yes(flow, "contract.processor", "measures.cisa") and not has(flow, "genetic")
    foreign = flow["recipient.jurisdiction"] != "US"
    if foreign and concern and is_bulk(flow) and not (authorised or restricted):
        against.add("US-BULK-301")
    if foreign and is_bulk(flow) and not (authorised or yes(flow, "contract.no_onward")):
        against.add("US-BULK-302")
    return against


LAWS: Mapping[str, Callable[[Flow], set[str]]] = {
    "JP": japan,
    "EU": european_union,
    "KR": korea,
    "US": united_states,
}


def against(flow: Flow) -> set[str]:
    """Every requirement of the two sides' laws that stands against the flow."""
    places = {flow["sender.jurisdiction"], flow["recipient.jurisdiction"]}
    found: set[str] = set()
    for place in places & set(LAWS):
        found |= LAWS[str(place)](flow)
    return found
