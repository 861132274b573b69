"""Every message has its Chinese.

What is missing is listed by ``pytest -n 0 tests/serving/test_translations.py``; new messages are put
into the catalogue by ``pybabel extract -k sentence -k term -o messages.pot mmm optimizer service``
and ``pybabel update -N -i messages.pot -l zh_CN -o service/locales/zh_CN/LC_MESSAGES/mixplan.po``.
"""

from typing import get_args

import pytest
from serving.catalogue import field_names, messages, translations

from mmm.vocabulary import Evidence, PeriodName, Role, Scene, Stage, Verdict
from optimizer.plan.document import ChannelVerdict
from optimizer.scenario.document import Business, Objective
from service.records import Alias
from service.terms import TERMS


def test_every_message_has_a_chinese_translation() -> None:
    translated = translations()
    missing = [f"{place}: {message}" for message, place in messages().items() if message not in translated]
    assert missing == []


def test_no_translation_is_left_of_a_message_that_is_gone() -> None:
    found = messages()
    assert [message for message in translations() if message not in found] == []


def test_a_translation_has_the_fields_of_its_message() -> None:
    wrong = [
        message for message, translation in translations().items() if field_names(message) != field_names(translation)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "words", [Stage, Role, Scene, Verdict, Evidence, PeriodName, ChannelVerdict, Objective, Business, Alias]
)
def test_every_word_of_the_vocabulary_is_a_term(words: object) -> None:
    values = get_args(getattr(words, "__value__", words))
    assert values
    assert set(values) <= set(TERMS)
