"""A made-up client with a year of audits, to look at everything that the tool shows without contacting a machine.

Nothing of the result is written down here: `story` says what each machine is like from month to month, `answering` makes
of it what such a machine answers, and collector, rules, exceptions, grading and store do the rest as in any audit.
"""
