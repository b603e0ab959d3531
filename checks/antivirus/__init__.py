"""Antivirus: is there an engine that runs and looks at files as they are used, and is it up to date."""

from scorecard.topic import Topic

from . import facts, products, rules

TOPIC = Topic.from_folder(
    __file__,
    id="antivirus",
    title="Antivirus",
    parse=facts.parse,
    rules=rules,
    data=products.data,
    data_files=(products.FILE,),
)
