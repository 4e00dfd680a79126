"""A title or text in both languages."""

from dataclasses import dataclass

from sekisho.terms import Language


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and Japanese."""

    en: str
    ja: str

    def said(self, language: Language) -> str:
        """The words in one language."""
        return self.ja if language is Language.JA else self.en
