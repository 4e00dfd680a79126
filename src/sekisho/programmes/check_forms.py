"""Faults of forms that show only when the programme's other files are read, too."""

from collections.abc import Iterator

from sekisho.errors import Fault, fault
from sekisho.model.programme import Programme
from sekisho.programmes.guess import guessed
from sekisho.programmes.places import place_in


def form_faults_across(programme: Programme) -> Iterator[Fault]:
    """Datasets that two files declare, and requests for data that no dataset takes."""
    files = {
        file.removeprefix("datasets/").removesuffix(".toml")
        for file in programme.files
        if file.startswith("datasets/")
    }
    taken = set(files)
    for form in programme.forms:
        file = f"forms/{form.id}.toml"
        if form.dataset is not None:
            if form.dataset in taken:
                place = place_in(programme, file, "dataset", "id")
                yield fault("forms.dataset-taken", place, id=form.dataset)
            taken.add(form.dataset)
        if form.ask is not None and form.ask.dataset not in files:
            place = place_in(programme, file, "ask", "dataset")
            yield guessed("forms.unknown-dataset", place, form.ask.dataset, files)
