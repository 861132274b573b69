"""One thing about the data that a fit survives and its reader should know."""

from mmm.parsing import StrictModel
from mmm.sentence import Sentence


class DataWarning(StrictModel):
    """What was seen and what to do; `name` is its kind, `subject` the channel, control or outcome that it is about."""

    name: str
    subject: str
    text: Sentence
    action: Sentence
