class CodedText(str):
    """A sentence for people with the code that decisions read: the sentence may be translated."""

    code: str

    def __new__(cls, code, text):
        coded = super().__new__(cls, text)
        coded.code = code
        return coded


def code_of(text):
    """The code of a sentence; None where there is no sentence, or one without a code."""
    return getattr(text, "code", None)
