"""Every sentence that a person reads, in the language of that person. Knows no feature, no Slack and no database.

A sentence is written in English where it is used, `tr("Key {name} is disabled.", name=…)`, and is a value until it is
shown: a `Sentence` is a str in the language of the moment that still knows its English text and its arguments, so a row
keeps it as such and each reader gets it in their own language.

Rules for whoever writes one:

* a whole sentence or a whole label, a literal, with named placeholders; never an f-string, never pieces glued together;
* a number that decides about a plural: `trn("{count} key", "{count} keys", n)`, never `if n == 1`;
* one English word with two meanings: `trc("status of a request", "done")`;
* sentences in a row: `joined(one, other)`, which a row keeps as such; with a plain string it would keep the text only;
* a constant of a module is written with `tr` as well and shown through `said` (the helpers of slack/blocks.py do that);
* a mention, a date token or a piece of code is an argument, so that it keeps its order in a right-to-left sentence.

The record, the log and the command line stay English: `english(text)`.

Modules: sentence (tr, trn, trc, Sentence, what rows keep), language (the languages, the one of the moment),
catalog (the translated sentences on disk), formats (lists in a sentence), lists (how each language writes them).
"""

from bot.languages.language import (
    ENGLISH,
    Language,
    carried,
    channel_languages,
    current,
    find,
    languages,
    load_all,
    of_slack_locale,
    speaking,
)
from bot.languages.sentence import Sentence, StoredText, english, english_all, joined, of_own, said, tr, trc, trn

__all__ = [
    "ENGLISH",
    "Language",
    "Sentence",
    "StoredText",
    "carried",
    "channel_languages",
    "current",
    "english",
    "english_all",
    "find",
    "joined",
    "languages",
    "load_all",
    "of_own",
    "of_slack_locale",
    "said",
    "speaking",
    "tr",
    "trc",
    "trn",
]
