"""Makes the samples of the programme `health-statistics`: the same bytes each time.

    python tests/lib/health_sample.py programmes/health-statistics

Nobody in them exists. The cases carry the published totals of each day; age and sex are drawn
independently of each other and of the day, from shares rounded to 5 %. The population carries no
published figure at all.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

SEX = {"male": 65, "female": 35}
AGE = {"0-19": 5, "20-39": 30, "40-59": 35, "60-79": 25, "80+": 5}
"""Percent of the cases of March 2020 in Tokyo, rounded to 5."""

PERSONS = 2_000
SNOMED = "http://snomed.info/sct"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASSES = {"AMB": 80, "EMER": 8, "IMP": 6, "VR": 6}
LONG_LASTING = {
    "59621000": (35, 0.45),
    "44054006": (40, 0.18),
    "195967001": (3, 0.10),
    "13645005": (50, 0.10),
    "53741008": (50, 0.12),
    "370143000": (18, 0.08),
    "254837009": (40, 0.01),
    "230690007": (60, 0.02),
}
"""Code -> earliest age at onset, chance of ever having it."""
SYMPTOMS = {
    "386661006": 0.85,
    "49727002": 0.65,
    "36955009": 0.50,
    "84229001": 0.40,
    "267036007": 0.20,
    "25064002": 0.15,
}
"""Code -> chance that a person with COVID-19 has it."""
COVID, SUSPECTED, COLD = "840539006", "840544004", "195662009"
END = date(2020, 12, 31)


def _drawn(random: Random, shares: dict[str, int]) -> str:
    at = random.random() * sum(shares.values())
    for name, share in shares.items():
        at -= share
        if at < 0:
            return name
    return next(reversed(shares))


def cases(daily: str) -> str:
    """One row a simulated case, as many a day as were published."""
    random = Random("cases of march 2020")
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["case", "day", "age_band", "sex"])
    number = 0
    for row in csv.DictReader(io.StringIO(daily)):
        for _each in range(int(row["cases"])):
            number += 1
            name = sha256(f"simulated case {number}".encode()).hexdigest()[:32]
            writer.writerow([name, row["day"], _drawn(random, AGE), _drawn(random, SEX)])
    return written.getvalue()


def _resources() -> Iterator[dict[str, object]]:
    random = Random("population of a made-up hospital")
    for number in range(1, PERSONS + 1):
        age = int(100 * random.random() ** 1.2 * 0.95)
        born = END - timedelta(days=int(age * 365.25 + random.random() * 365))
        person = f"simulated-{number}"
        sex = "female" if random.random() < 0.52 else "male"
        yield {
            "resourceType": "Patient",
            "id": person,
            "gender": sex,
            "birthDate": born.isoformat(),
        }
        for at, (code, day) in enumerate(_conditions(random, age, born), 1):
            yield {
                "resourceType": "Condition",
                "id": f"c{number}-{at}",
                "code": {"coding": [{"system": SNOMED, "code": code}]},
                "subject": {"reference": f"Patient/{person}"},
                "onsetDateTime": day.isoformat(),
            }
        for at, (kind, day) in enumerate(_encounters(random, age, born), 1):
            yield {
                "resourceType": "Encounter",
                "id": f"e{number}-{at}",
                "status": "finished",
                "class": {"system": ACT, "code": kind},
                "subject": {"reference": f"Patient/{person}"},
                "period": {"start": day.isoformat()},
            }


def _conditions(random: Random, age: int, born: date) -> Iterator[tuple[str, date]]:
    for code, (earliest, chance) in LONG_LASTING.items():
        if age > earliest and random.random() < chance * min(1, (age - earliest) / 30):
            years = earliest + random.random() * (age - earliest)
            yield code, born + timedelta(days=int(years * 365.25))
    first = max(born, date(2020, 3, 1))
    day = first + timedelta(days=int(random.random() * (END - first).days))
    if random.random() < 0.12:
        yield SUSPECTED, day
        if random.random() < 0.75:
            yield COVID, day + timedelta(days=1)
            for code, chance in SYMPTOMS.items():
                if random.random() < chance:
                    yield code, day
    elif random.random() < 0.3:
        yield COLD, day


def _encounters(random: Random, age: int, born: date) -> Iterator[tuple[str, date]]:
    often = 0.72 + 0.12 * age / 95
    first = max(born, date(2020, 1, 1))
    for _each in range(25):
        yield (
            _drawn(random, CLASSES),
            first + timedelta(days=int(random.random() * ((END - first).days + 1))),
        )
        if random.random() > often:
            return


def population() -> str:
    """A Bundle of FHIR R4 with everybody's conditions and encounters, a resource a line."""
    entries = (json.dumps({"resource": each}, separators=(",", ":")) for each in _resources())
    return (
        '{"resourceType":"Bundle","type":"collection","entry":[\n' + ",\n".join(entries) + "\n]}\n"
    )


def main(folder: Path) -> None:
    """Write both samples into a programme folder."""
    daily = (folder / "public" / "tokyo-daily-cases.csv").read_text("utf-8")
    (folder / "sample" / "cases.csv").write_text(cases(daily), "utf-8")
    (folder / "sample" / "population.json").write_text(population(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
