"""Faults of forms that show only when the programme's other files are read, too."""

from collections.abc import Iterator

from sekisho.errors import Fault, fault
from sekisho.model.form import Form
from sekisho.model.programme import Programme
from sekisho.programmes.forms import columns_of
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
        if form.feeds:
            yield from _fed(programme, form, files)
        elif form.dataset is not None:
            if form.dataset in taken:
                place = place_in(programme, file, "dataset", "id")
                yield fault("forms.dataset-taken", place, id=form.dataset)
            taken.add(form.dataset)
        if form.ask is not None and form.ask.dataset not in files:
            place = place_in(programme, file, "ask", "dataset")
            yield guessed("forms.unknown-dataset", place, form.ask.dataset, files)


def _fed(programme: Programme, form: Form, files: set[str]) -> Iterator[Fault]:
    """A dataset that answers cannot fill: none of that name, or a column that nothing gives."""
    place = place_in(programme, f"forms/{form.id}.toml", "dataset", "id")
    dataset = programme.dataset(form.dataset or "")
    if form.dataset not in files or dataset is None:
        yield guessed("forms.unknown-dataset", place, form.dataset or "", files)
        return
    table = form.question(form.dataset_table) if form.dataset_table else None
    asked = (*form.questions, *(table.columns if table else ()))
    given = {column.name: column for each in asked for column in columns_of(each)}
    for column in dataset.brought.columns:
        answer = given.get(column.name)
        if column.name == dataset.contributor or (answer is None and not column.required):
            continue
        if answer is None or answer.type is not column.type:
            yield fault("forms.feeds-not", place, dataset=dataset.id, name=column.name)
